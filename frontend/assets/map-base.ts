// What every map of the site shares: its colours, controls, words, and what is said when it cannot be drawn.
import "maplibre-gl/dist/maplibre-gl.css";
import * as maplibregl from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { Palette } from "./map-layers";

maplibregl.setWorkerUrl(workerUrl);

declare global {
  interface Window {
    maillageMap?: maplibregl.Map;
  }
}

export const FRANCE: maplibregl.LngLatBoundsLike = [-5.2, 41.3, 9.7, 51.2];
const IGN =
  "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2" +
  "&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}";
export const ign: maplibregl.RasterSourceSpecification = {
  type: "raster",
  tiles: [IGN],
  tileSize: 256,
  maxzoom: 18,
  attribution: "© IGN-F/Géoportail",
};

/** The tiles a map is drawn on, by the address of the first of them and the zoom of the finest. */
export function groundTiles(first: string, finest: string | undefined): maplibregl.VectorSourceSpecification {
  const tiles = new URL(first, location.href).href.replace("0/0/0", "{z}/{x}/{y}");
  return { type: "vector", tiles: [tiles], maxzoom: Number(finest) };
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    land: read("--map-land"),
    other: read("--map-other"),
    sea: read("--map-sea"),
    line: read("--map-line"),
    text: read("--soft"),
    paper: read("--surface"),
    accent: read("--accent"),
    ess: read("--ess"),
    ordinary: read("--slate"),
    ink: read("--ink"),
    warn: read("--warn"),
  };
}

export async function json<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

/** A map in its box, with what all have in common; the caller adds sources, layers and listeners. */
export function newMap(box: HTMLElement, options: Omit<maplibregl.MapOptions, "container">): maplibregl.Map {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = new maplibregl.Map({
    container: box,
    attributionControl: { compact: true },
    cooperativeGestures: true,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: still ? 0 : 200,
    canvasContextAttributes: { preserveDrawingBuffer: true }, // printing and screenshots keep the drawing
    locale: LOCALE[document.documentElement.lang] ?? {},
    ...options,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
  window.maillageMap = map;
  map.getCanvas().setAttribute("aria-label", box.getAttribute("aria-label") ?? "");
  box.querySelector(".map-wait")?.remove();
  return map;
}

const LOCALE: Record<string, Record<string, string>> = {
  fr: {
    "Map.Title": "Carte",
    "NavigationControl.ZoomIn": "Zoomer",
    "NavigationControl.ZoomOut": "Dézoomer",
    "AttributionControl.ToggleAttribution": "Afficher ou masquer les sources",
    "AttributionControl.MapFeedback": "Signaler une erreur de carte",
    "CooperativeGesturesHandler.WindowsHelpText": "Ctrl + molette pour zoomer la carte",
    "CooperativeGesturesHandler.MacHelpText": "⌘ + molette pour zoomer la carte",
    "CooperativeGesturesHandler.MobileHelpText": "Deux doigts pour déplacer la carte",
    "ScaleControl.Meters": "m",
    "ScaleControl.Kilometers": "km",
  },
};

/** Draw each map of the page; one that fails says so in its place. */
export function drawAll(draw: (box: HTMLElement) => Promise<void>): void {
  for (const box of document.querySelectorAll<HTMLElement>("[data-map]")) {
    draw(box).catch((error: unknown) => {
      box.dataset["state"] = "failed";
      const wait = box.querySelector(".map-wait") ?? box.appendChild(document.createElement("p"));
      wait.textContent =
        document.documentElement.lang === "en"
          ? "The map could not be drawn. The list and the tables say the same."
          : "La carte n'a pas pu être dessinée. La liste et les tableaux disent la même chose.";
      console.warn("carte", error);
    });
  }
}
