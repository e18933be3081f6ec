// Layers from the ground up. Shape and number carry meaning as well as colour.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";

export interface Palette {
  land: string;
  other: string;
  sea: string;
  line: string;
  text: string;
  paper: string;
  accent: string;
  ess: string;
  ordinary: string;
  ink: string;
  warn: string;
}

const FONT = ["system-ui", "sans-serif"];
export const NUMBER_PX = 14;
export const MEMBER_SCALE = 1.55;
const MEMBER_SIZE: ExpressionSpecification = [
  "case",
  [">", ["coalesce", ["get", "number"], 0], 0],
  MEMBER_SCALE,
  ["coalesce", ["get", "solo"], false],
  1.15,
  0.9,
];
const OFFSET: ExpressionSpecification = ["array", "number", 2, ["get", "offset"]];

/** ``under``: what all is drawn on, when it is not the outlines that come with the features. */
export function layers(colours: Palette, tiles: boolean, under = ground(colours, tiles)): LayerSpecification[] {
  return [...under, ...drawn(colours)];
}

function ground(colours: Palette, tiles: boolean): LayerSpecification[] {
  const under: LayerSpecification[] = [
    { id: "sea", type: "background", paint: { "background-color": colours.sea } },
    { id: "land", type: "fill", source: "outlines", paint: { "fill-color": colours.land } },
  ];
  if (tiles) under.push({ id: "ign", type: "raster", source: "ign", paint: { "raster-saturation": -0.6 } });
  return [
    ...under,
    {
      id: "communes",
      type: "line",
      source: "outlines",
      paint: { "line-color": colours.line, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.3, 11, 1] },
    },
  ];
}

function drawn(colours: Palette): LayerSpecification[] {
  return [
    {
      id: "circle-fill",
      type: "fill",
      source: "circles",
      paint: { "fill-color": colours.accent, "fill-opacity": 0.08 },
    },
    {
      id: "circle-line",
      type: "line",
      source: "circles",
      paint: { "line-color": colours.accent, "line-width": 1.5, "line-dasharray": [3, 3], "line-opacity": 0.8 },
    },
    {
      id: "labels",
      type: "symbol",
      source: "labels",
      layout: {
        "text-field": ["get", "name"],
        "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["get", "population"], 2000, 11, 200000, 15],
        "symbol-sort-key": ["-", 0, ["get", "population"]],
        "text-padding": 4,
        "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
        "text-radial-offset": 0.9,
      },
      paint: { "text-color": colours.text, "text-halo-color": colours.land, "text-halo-width": 1.6 },
    },
    {
      id: "links",
      type: "line",
      source: "features",
      filter: ["==", ["get", "role"], "none"],
      layout: { "line-cap": "round" },
      paint: {
        "line-color": colours.accent,
        "line-width": ["interpolate", ["linear"], ["get", "share"], 0, 2, 1, 8],
        "line-opacity": 0.9,
      },
    },
    {
      id: "lit",
      type: "symbol",
      source: "features",
      filter: ["==", ["get", "key"], ""],
      layout: {
        "icon-image": "halo",
        "icon-size": MEMBER_SIZE,
        "icon-offset": OFFSET,
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    },
    {
      id: "firms",
      type: "symbol",
      source: "features",
      filter: ["==", ["get", "role"], "firm"],
      layout: {
        "icon-image": ["get", "icon"],
        "icon-size": MEMBER_SIZE,
        "icon-offset": OFFSET,
        "icon-allow-overlap": true, // never hidden; place names move out of the way instead
        "symbol-sort-key": ["case", [">", ["get", "number"], 0], 1000, ["-", 0, ["get", "rank"]]],
        "text-field": ["case", [">", ["get", "number"], 0], ["to-string", ["get", "number"]], ""],
        "text-font": FONT,
        "text-size": NUMBER_PX,
        "text-offset": ["array", "number", 2, ["get", "textOffset"]],
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": colours.paper },
    },
    {
      id: "lots",
      type: "symbol",
      source: "features",
      filter: ["==", ["get", "role"], "lot"],
      layout: { "icon-image": "lot", "icon-allow-overlap": true },
    },
    {
      id: "beacons",
      type: "symbol",
      source: "features",
      filter: ["==", ["get", "role"], "beacon"],
      layout: {
        "icon-image": "beacon",
        "icon-allow-overlap": true,
        "symbol-sort-key": ["-", 0, ["get", "beacon"]], // the first of the table lie on top
        "text-field": ["to-string", ["get", "beacon"]],
        "text-font": FONT,
        "text-size": NUMBER_PX,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": colours.paper },
    },
  ];
}
