// The one map: draws the features of a page by their role, and keeps the list and the map as one thing.
import type * as maplibregl from "maplibre-gl";
import { drawAll, FRANCE, groundTiles, ign, json, newMap, palette } from "./map-base";
import { icons } from "./map-icons";
import { layers, type Palette } from "./map-layers";
import { ground as anywhere, names } from "./supply-layers";
import { bounds, circle, prepared, withGroupings, type Drawn } from "./map-features";
import { LIT } from "./groupings";

const EMPTY: Drawn = { type: "FeatureCollection", features: [] };

const ROWS = "[data-siret], [data-lot], [data-beacon]"; // what the lists of a page light on its map

interface Backdrop {
  outlines: Drawn;
  labels: Drawn;
}

function style(box: HTMLElement, colours: Palette, features: Drawn): maplibregl.StyleSpecification {
  const { tiles = "none", ground, groundDeepest } = box.dataset;
  const sources: maplibregl.StyleSpecification["sources"] = {
    outlines: { type: "geojson", data: EMPTY },
    labels: { type: "geojson", data: EMPTY },
    circles: { type: "geojson", data: circle(features) },
    features: { type: "geojson", data: features },
  };
  if (tiles === "ign") {
    sources["ign"] = ign;
  }
  // No "glyphs": MapLibre then draws the labels with the fonts of the machine.
  if (!ground) return { version: 8, sources, layers: layers(colours, tiles === "ign") };
  sources["ground"] = groundTiles(ground, groundDeepest);
  const under = [...anywhere(colours, tiles === "ign"), ...served(colours, box.dataset["communes"]), names(colours)];
  return { version: 8, sources, layers: layers(colours, tiles === "ign", under) };
}

/** The communes a need is carried out in, tinted on the ground. */
function served(colours: Palette, communes: string | undefined): maplibregl.LayerSpecification[] {
  if (!communes) return [];
  const paint = { "fill-color": colours.accent, "fill-opacity": 0.18, "fill-outline-color": colours.accent };
  const filter: maplibregl.FilterSpecification = ["in", ["get", "code"], ["literal", communes.split(",")]];
  return [{ id: "served", type: "fill", source: "ground", "source-layer": "land", filter, paint }];
}

class LinkedMap {
  private lit: string | null = null;
  private features: Drawn;

  constructor(
    private readonly map: maplibregl.Map,
    private listed: Drawn,
  ) {
    this.features = listed;
  }

  /** Draw what the lists of the page now hold; the grouping chosen stays. */
  redraw(listed: Drawn = this.listed): void {
    this.listed = listed;
    this.features = withPage(listed);
    this.team(chosenTeam());
  }

  /** Light a firm or a lot on the map and in every list of the page. */
  light(key: string | null): void {
    if (key === this.lit) return;
    this.map.setFilter("lit", ["==", ["get", "key"], key ?? ""]);
    for (const row of document.querySelectorAll(ROWS)) {
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
    const row = [...document.querySelectorAll(ROWS)].find((one) => keyOf(one) === key);
    if (!row) return;
    for (let fold = row.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
    row.scrollIntoView({ block: "center" });
    row.querySelector("a")?.focus({ preventScroll: true });
  }
}

function keyOf(row: Element): string {
  const { siret, lot, beacon } = (row as HTMLElement).dataset;
  if (beacon) return `beacon-${beacon}`;
  return siret ? `firm-${siret}` : `lot-${lot ?? ""}`;
}

function listen(map: maplibregl.Map, linked: LinkedMap): void {
  const rowOf = (event: Event): Element | null =>
    event.target instanceof Element ? event.target.closest(ROWS) : null;
  const enter = (event: Event): void => {
    const row = rowOf(event);
    linked.light(row ? keyOf(row) : null);
  };
  document.addEventListener("mouseover", enter);
  document.addEventListener("focusin", enter);

  for (const layer of ["firms", "lots", "beacons"]) {
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

/** The features of a list with the groupings the page shows, which a person's own weights may have changed. */
function withPage(listed: Drawn): Drawn {
  const groupings = document.querySelector("#groupings-features")?.textContent;
  return prepared(groupings ? withGroupings(listed, JSON.parse(groupings) as Drawn) : listed);
}

function chosenTeam(): number {
  return Number(document.querySelector<HTMLInputElement>("[data-team-picker] input:checked")?.value ?? 0);
}

function pickTeam(linked: LinkedMap): void {
  const choices = [...document.querySelectorAll<HTMLInputElement>("[data-team-picker] input")];
  const asked = new URLSearchParams(location.search).get("g");
  const first = choices.find((one) => one.value === asked) ?? choices[0];
  if (first) first.checked = true;
  linked.redraw();
}

function followTeams(linked: LinkedMap): void {
  document.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement) || !event.target.closest("[data-team-picker]")) return;
    linked.team(Number(event.target.value));
    const address = new URL(location.href);
    address.searchParams.set("g", event.target.value);
    history.replaceState(history.state, "", address.href.replaceAll("%2C", ","));
  });
  // A card says "on the map": the grouping is chosen there, and the link goes on to the map.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-draw-team]") : null;
    document.querySelector<HTMLInputElement>(`[data-team-picker] [value="${link?.dataset["drawTeam"] ?? ""}"]`)?.click();
  });
  document.addEventListener(LIT, (event) => linked.team((event as CustomEvent<number | null>).detail ?? chosenTeam()));
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.target instanceof Element && event.target.closest("#groupings")) pickTeam(linked);
  });
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
        if (url === shown) linked.redraw(features);
      })
      .catch((error: unknown) => console.warn("carte", error));
  });
}

/** West, south, east, north that the page asks for, where its features lie too far apart for one view. */
function extentOf(box: HTMLElement): maplibregl.LngLatBoundsLike | null {
  const [west, south, east, north] = (box.dataset["extent"] ?? "").split(",").map(Number);
  return north === undefined ? null : [west ?? 0, south ?? 0, east ?? 0, north];
}

async function draw(box: HTMLElement): Promise<void> {
  const { features: url = "", context = "" } = box.dataset;
  const listed = await json<Drawn>(url);
  const features = withPage(listed);
  const colours = palette();
  const map = newMap(box, {
    style: style(box, colours, features),
    bounds: extentOf(box) ?? bounds(features) ?? FRANCE,
    fitBoundsOptions: { padding: 44, maxZoom: 12 },
  });
  for (const [name, image] of icons(colours)) map.addImage(name, image, { pixelRatio: 2 });

  await map.once("load");
  const linked = new LinkedMap(map, listed);
  listen(map, linked);
  pickTeam(linked);
  followTeams(linked);
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

drawAll(draw);
