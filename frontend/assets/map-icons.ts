// The signs of the map, drawn here: a round for ESS, a square for ordinary firms, a target for lots.
import type { Palette } from "./map-layers";

const SIZE = 36; // drawn at twice the size it is shown

type Sketch = (pen: CanvasRenderingContext2D) => void;

export function icons(colours: Palette): [string, ImageData][] {
  return [
    ["firm-ess", sketch(round(colours.ess, colours.paper))],
    ["firm-ordinary", sketch(square(colours.ordinary, colours.paper))],
    ["halo", sketch(halo(colours.accent), 64)],
    ["lot", sketch(target(colours.accent, colours.paper))],
    ["beacon", sketch(diamond(colours.warn, colours.paper), 60)],
  ];
}

function sketch(draw: Sketch, size = SIZE): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no 2d canvas");
  draw(pen);
  return pen.getImageData(0, 0, size, size);
}

function disc(pen: CanvasRenderingContext2D, radius: number, colour: string): void {
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, radius, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
}

function round(colour: string, rim: string): Sketch {
  return (pen) => {
    disc(pen, 13, rim);
    disc(pen, 10.5, colour);
  };
}

function square(colour: string, rim: string): Sketch {
  return (pen) => {
    for (const [half, fill] of [
      [12, rim],
      [9.5, colour],
    ] as const) {
      pen.fillStyle = fill;
      pen.fillRect(SIZE / 2 - half, SIZE / 2 - half, 2 * half, 2 * half);
    }
  };
}

function diamond(colour: string, rim: string): Sketch {
  return (pen) => {
    for (const [half, fill] of [
      [29, rim],
      [25, colour],
    ] as const) {
      pen.beginPath();
      pen.moveTo(30, 30 - half);
      for (const [x, y] of [
        [30 + half, 30],
        [30, 30 + half],
        [30 - half, 30],
      ] as const) {
        pen.lineTo(x, y);
      }
      pen.fillStyle = fill;
      pen.fill();
    }
  };
}

function target(colour: string, rim: string): Sketch {
  return (pen) => {
    disc(pen, 17, rim);
    disc(pen, 15, colour);
    disc(pen, 10, rim);
    disc(pen, 5.5, colour);
  };
}

function halo(colour: string): Sketch {
  return (pen) => {
    pen.beginPath();
    pen.arc(32, 32, 27, 0, 2 * Math.PI);
    pen.globalAlpha = 0.2;
    pen.fillStyle = colour;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 4;
    pen.strokeStyle = colour;
    pen.stroke();
  };
}
