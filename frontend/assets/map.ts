// The one map: draws the features of a page by their role, and keeps the list and the map as one thing.
import "maplibre-gl/dist/maplibre-gl.css";
import * as maplibregl from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { icons } from "./map-icons";
import { layers, type Palette } from "./map-layers";
import { bounds, circle, prepared, type Drawn } from "./map-features";

maplibregl.setWorkerUrl(workerUrl);

declare global {
  interface Window {
    maillageMap?: maplibregl.Map;
  }
}

const FRANCE: maplibregl.LngLatBoundsLike = [-5.2, 41.3, 9.7, 51.2];
const IGN =
  "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2" +
  "&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}";
const EMPTY: Drawn = { type: "FeatureCollection", features: [] };

interface Backdrop {
  outlines: Drawn;
  labels: Drawn;
}

function palette(): Palette {
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
  };
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

function style(tiles: string, colours: Palette, features: Drawn): maplibregl.StyleSpecification {
  const sources: maplibregl.StyleSpecification["sources"] = {
    outlines: { type: "geojson", data: EMPTY },
    labels: { type: "geojson", data: EMPTY },
    circles: { type: "geojson", data: circle(features) },
    features: { type: "geojson", data: features },
  };
  if (tiles === "ign") {
    sources["ign"] = { type: "raster", tiles: [IGN], tileSize: 256, maxzoom: 18, attribution: "© IGN-F/Géoportail" };
  }
  // No "glyphs": MapLibre then draws the labels with the fonts of the machine.
  return { version: 8, sources, layers: layers(colours, tiles === "ign") };
}

class LinkedMap {
  private lit: string | null = null;

  constructor(
    private readonly map: maplibregl.Map,
    private features: Drawn,
  ) {}

  /** Draw what the list beside now holds; the grouping drawn stays. */
  redraw(features: Drawn): void {
    this.features = features;
    const picked = document.querySelector<HTMLInputElement>("[data-team-picker] input:checked");
    if (picked) this.team(Number(picked.value));
    else (this.map.getSource("features") as maplibregl.GeoJSONSource).setData(features);
  }

  /** Light a firm or a lot on the map and in every list of the page. */
  light(key: string | null): void {
    if (key === this.lit) return;
    this.map.setFilter("lit", ["==", ["get", "key"], key ?? ""]);
    for (const row of document.querySelectorAll("[data-siret], [data-lot]")) {
      row.classList.toggle("lit", key !== null && keyOf(row) === key);
    }
    this.lit = key;
  }

  /** Draw the links of one grouping, number its members, and mark its card. */
  team(rank: number): void {
    const numbers = new Map<string, number>();
    for (const { properties: p } of this.features.features) {
      if (p.role === "link" && p.team === rank && p.siret) numbers.set(p.siret, p.number ?? 0);
    }
    for (const { properties: p } of this.features.features) {
      if (p.role === "firm") p.number = numbers.get(p.siret ?? "") ?? 0;
    }
    (this.map.getSource("features") as maplibregl.GeoJSONSource).setData(this.features);
    this.map.setFilter("links", ["all", ["==", ["get", "role"], "link"], ["==", ["get", "team"], rank]]);
    for (const card of document.querySelectorAll<HTMLElement>("[data-team]")) {
      card.classList.toggle("drawn", Number(card.dataset["team"]) === rank);
    }
  }

  /** Bring the row of a feature into view and give it the focus: the map is a way into the list. */
  open(key: string): void {
    const row = [...document.querySelectorAll("[data-siret], [data-lot]")].find((one) => keyOf(one) === key);
    if (!row) return;
    for (let fold = row.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
    row.scrollIntoView({ block: "center" });
    row.querySelector("a")?.focus({ preventScroll: true });
  }
}

function keyOf(row: Element): string {
  const { siret, lot } = (row as HTMLElement).dataset;
  return siret ? `firm-${siret}` : `lot-${lot ?? ""}`;
}

function listen(map: maplibregl.Map, linked: LinkedMap): void {
  const rowOf = (event: Event): Element | null =>
    event.target instanceof Element ? event.target.closest("[data-siret], [data-lot]") : null;
  const enter = (event: Event): void => {
    const row = rowOf(event);
    linked.light(row ? keyOf(row) : null);
  };
  document.addEventListener("mouseover", enter);
  document.addEventListener("focusin", enter);

  for (const layer of ["firms", "lots"]) {
    map.on("mousemove", layer, (event) => {
      map.getCanvas().style.cursor = "pointer";
      linked.light(String(event.features?.[0]?.properties["key"] ?? "") || null);
    });
    map.on("mouseleave", layer, () => {
      map.getCanvas().style.cursor = "";
      linked.light(null);
    });
    map.on("click", layer, (event) => linked.open(String(event.features?.[0]?.properties["key"] ?? "")));
  }
}

function pickTeam(linked: LinkedMap): void {
  const choices = [...document.querySelectorAll<HTMLInputElement>("[data-team-picker] input")];
  if (!choices.length) return;
  const asked = new URLSearchParams(location.search).get("g");
  const first = choices.find((one) => one.value === asked) ?? choices[0];
  if (!first) return;
  first.checked = true;
  linked.team(Number(first.value));
  for (const choice of choices) {
    choice.addEventListener("change", () => {
      linked.team(Number(choice.value));
      const address = new URL(location.href);
      address.searchParams.set("g", choice.value);
      history.replaceState(history.state, "", address);
    });
  }
}

/** A list that was filtered names the address of its features: the map follows it. */
function followList(linked: LinkedMap, drawn: string): void {
  let shown = drawn;
  document.addEventListener("htmx:after:swap", () => {
    const url = document.querySelector<HTMLElement>("[data-map-features]")?.dataset["mapFeatures"];
    if (!url || url === shown) return;
    shown = url;
    json<Drawn>(url)
      .then((features) => {
        if (url === shown) linked.redraw(prepared(features));
      })
      .catch((error: unknown) => console.warn("carte", error));
  });
}

async function draw(box: HTMLElement): Promise<void> {
  const { features: url = "", context = "", tiles = "none" } = box.dataset;
  const features = prepared(await json<Drawn>(url));
  const colours = palette();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = new maplibregl.Map({
    container: box,
    style: style(tiles, colours, features),
    bounds: bounds(features) ?? FRANCE,
    fitBoundsOptions: { padding: 44, maxZoom: 12 },
    attributionControl: { compact: true },
    cooperativeGestures: true,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: still ? 0 : 200,
    canvasContextAttributes: { preserveDrawingBuffer: true }, // printing and screenshots keep the drawing
    locale: LOCALE[document.documentElement.lang] ?? {},
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-left");
  for (const [name, image] of icons(colours)) map.addImage(name, image, { pixelRatio: 2 });
  window.maillageMap = map;
  map.getCanvas().setAttribute("aria-label", box.getAttribute("aria-label") ?? "");
  box.querySelector(".map-wait")?.remove();

  await map.once("load");
  const linked = new LinkedMap(map, features);
  listen(map, linked);
  pickTeam(linked);
  followList(linked, url);
  box.dataset["state"] = "drawn";
  if (context) {
    const backdrop = await json<Backdrop>(context);
    (map.getSource("outlines") as maplibregl.GeoJSONSource).setData(backdrop.outlines);
    (map.getSource("labels") as maplibregl.GeoJSONSource).setData(backdrop.labels);
  }
  await map.once("idle");
  box.dataset["state"] = "ready";
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
