// Layers of the supply map: the ground, then marks whose area is what they count, amber for the social part.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Palette } from "./map-layers";

export interface Choice {
  who: string; // "" all | social | siae | adapted
  size: string; // firms | capacity
}

const FONT = ["system-ui", "sans-serif"];
const LARGEST_PX = 25;
const SMALLEST_PX = 3.6;
const ICON_PX = 7.5; // half the width of a firm's icon at scale 1
const COUNTS: Record<string, string> = { "": "n", social: "s", siae: "i", adapted: "a" };

/** The property a choice counts: short names as ``matchmaker.tiles`` sends them. */
export function property({ who, size }: Choice): string {
  return size === "capacity" ? `c${who ? COUNTS[who] : ""}` : (COUNTS[who] ?? "n");
}

const figure = (name: string): ExpressionSpecification => ["coalesce", ["get", name], 0];

/** Radius in pixels of a value when the largest in view is ``most``: area is proportional, never less than a dot. */
export function radiusOf(value: number, most: number): number {
  return Math.max(SMALLEST_PX, LARGEST_PX * Math.sqrt(Math.min(1, value / most)));
}

function radius(choice: Choice, most: number): ExpressionSpecification {
  const share: ExpressionSpecification = ["min", 1, ["/", figure(property(choice)), most]];
  return ["max", SMALLEST_PX, ["*", LARGEST_PX, ["sqrt", share]]];
}

function socialRadius(choice: Choice, most: number): ExpressionSpecification {
  const part = choice.size === "capacity" ? "cs" : "s";
  const share: ExpressionSpecification = ["/", figure(part), ["max", 1, figure(property(choice))]];
  return ["*", radius(choice, most), ["sqrt", ["min", 1, share]]];
}

const counted = (choice: Choice): ExpressionSpecification => [">", figure(COUNTS[choice.who] ?? "n"), 0];
const single: ExpressionSpecification = ["==", figure("n"), 1];

/** What changes with the choice and with the largest value in view. */
export interface Drawing {
  filters: Record<string, ExpressionSpecification>;
  paint: [layer: string, name: string, value: unknown][];
  layout: [layer: string, name: string, value: unknown][];
}

export function drawing(choice: Choice, most: number, colours: Palette): Drawing {
  const name = COUNTS[choice.who] ?? "n";
  const several: ExpressionSpecification = ["all", counted(choice), ["!", single]];
  // A number is written where the mark has room for it.
  const room: ExpressionSpecification = [">=", radius(choice, most), ["case", ["<", figure(name), 100], 9, 13]];
  return {
    filters: {
      marks: several,
      "marks-social": choice.who ? ["literal", false] : ["all", several, [">", figure("s"), 0]],
      "marks-count": ["all", several, room],
      singles: ["all", counted(choice), single],
    },
    paint: [
      ["marks", "circle-radius", radius(choice, most)],
      ["marks", "circle-color", choice.who ? colours.ess : colours.ordinary],
      ["marks-social", "circle-radius", socialRadius(choice, most)],
    ],
    layout: [
      ["marks-count", "text-field", ["number-format", figure(name), { locale: document.documentElement.lang }]],
      ["marks", "circle-sort-key", ["-", 0, figure(property(choice))]],
      ["marks-social", "circle-sort-key", ["-", 0, figure(property(choice))]],
      ["singles", "icon-size", ["max", 0.62, ["min", 1.5, ["/", radius(choice, most), ICON_PX]]]],
    ],
  };
}

export function layers(colours: Palette, tiles: boolean): LayerSpecification[] {
  return [...ground(colours, tiles), ...marks(colours)];
}

/** Outlines from the tiles of the ground, at any scale. */
export function ground(colours: Palette, tiles: boolean): LayerSpecification[] {
  const land = { source: "ground", "source-layer": "land" } as const;
  const under: LayerSpecification[] = [
    { id: "sea", type: "background", paint: { "background-color": colours.sea } },
    { id: "land", type: "fill", ...land, paint: { "fill-color": colours.land } },
  ];
  if (tiles) under.push({ id: "ign", type: "raster", source: "ign", paint: { "raster-saturation": -0.6 } });
  return [
    ...under,
    {
      id: "outlines",
      type: "line",
      ...land,
      paint: {
        "line-color": colours.line,
        "line-width": ["interpolate", ["linear"], ["zoom"], 4, 0.6, 7.9, 1.4, 8, 0.4, 11, 1.1],
      },
    },
  ];
}

export function names(colours: Palette): LayerSpecification {
  return {
    id: "names",
    type: "symbol",
    source: "ground",
    "source-layer": "names",
    layout: {
      "text-field": ["get", "name"],
      "text-font": FONT,
      "text-size": ["interpolate", ["linear"], ["get", "population"], 2000, 11, 300000, 15],
      "symbol-sort-key": ["-", 0, ["get", "population"]],
      "text-padding": 6,
      "text-variable-anchor": ["bottom", "top", "left", "right"],
      "text-radial-offset": 0.7,
    },
    paint: { "text-color": colours.text, "text-halo-color": colours.land, "text-halo-width": 1.8 },
  };
}

function marks(colours: Palette): LayerSpecification[] {
  const supply = { source: "supply", "source-layer": "supply" } as const;
  return [
    {
      id: "marks",
      type: "circle",
      ...supply,
      paint: {
        "circle-opacity": 0.92,
        "circle-stroke-color": colours.paper,
        "circle-stroke-width": 1,
      },
    },
    { id: "marks-social", type: "circle", ...supply, paint: { "circle-color": colours.ess } },
    {
      id: "singles",
      type: "symbol",
      ...supply,
      layout: {
        "icon-image": ["case", [">", figure("s"), 0], "firm-ess", "firm-ordinary"],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "text-field": ["step", ["zoom"], "", 14, ["coalesce", ["get", "name"], ""]],
        "text-font": FONT,
        "text-size": 12,
        "text-anchor": "top",
        "text-offset": [0, 0.8],
        "text-optional": true,
        "text-max-width": 11,
      },
      paint: { "text-color": colours.ink, "text-halo-color": colours.land, "text-halo-width": 1.4 },
    },
    names(colours),
    {
      id: "gaps",
      type: "circle",
      source: "gaps",
      paint: {
        "circle-radius": 8,
        "circle-color": "transparent",
        "circle-stroke-color": colours.warn,
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "marks-count",
      type: "symbol",
      ...supply,
      layout: {
        "text-font": FONT,
        "text-size": 12,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": colours.ink, "text-halo-color": colours.paper, "text-halo-width": 1.6 },
    },
    {
      id: "picked",
      type: "circle",
      source: "picked",
      paint: {
        "circle-radius": ["+", 5, ["get", "radius"]],
        "circle-color": "transparent",
        "circle-stroke-color": colours.accent,
        "circle-stroke-width": 3,
      },
    },
    {
      id: "place",
      type: "symbol",
      source: "place",
      layout: { "icon-image": "lot", "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
  ];
}
