// The map of a need's form: a click adds a commune to the list beside it, or takes it away. The list stays the truth.
import * as maplibregl from "maplibre-gl";
import { drawAll, FRANCE, groundTiles, json, newMap, palette } from "./map-base";
import { ground, names } from "./supply-layers";

interface Commune {
  code: string;
  name: string;
  lon: number | null;
  lat: number | null;
}

const CODE = /(?<![0-9A-Za-z])(\d{5}|2[AB]\d{3})(?![0-9A-Za-z])/;

function selected(codes: Iterable<string>): maplibregl.FilterSpecification {
  return ["in", ["get", "code"], ["literal", [...codes]]];
}

async function commune(lookup: string, code: string): Promise<Commune | null> {
  const found = await json<Commune[]>(`${lookup}?q=${encodeURIComponent(code)}&limit=1`);
  return found[0] ?? null;
}

/** Where the chosen communes are; a few tell it well enough. */
async function extent(lookup: string, codes: string[]): Promise<maplibregl.LngLatBounds | null> {
  const every = Math.max(1, Math.floor(codes.length / 12));
  const some = codes.filter((_, place) => place % every === 0);
  const found = await Promise.all(some.map((code) => commune(lookup, code)));
  const box = new maplibregl.LngLatBounds();
  for (const one of found) if (one?.lon != null && one.lat != null) box.extend([one.lon, one.lat]);
  return box.isEmpty() ? null : box;
}

/** Add a line for a commune, or take every line that names its code away; tell the form that it changed. */
async function toggle(list: HTMLTextAreaElement, chosen: Set<string>, code: string, lookup: string): Promise<void> {
  const lines = list.value.split("\n").filter((line) => line.trim());
  if (chosen.has(code)) {
    chosen.delete(code);
    list.value = lines.filter((line) => CODE.exec(line)?.[1] !== code).join("\n");
  } else {
    chosen.add(code);
    const name = (await commune(lookup, code))?.name ?? "";
    list.value = [...lines, name ? `${name} (${code})` : code].join("\n");
  }
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

async function draw(box: HTMLElement): Promise<void> {
  const { pick = "", lookup = "", communes = "", tiles = "none", ground: first = "", groundDeepest } = box.dataset;
  const list = document.getElementById(pick);
  if (!(list instanceof HTMLTextAreaElement)) return;
  const chosen = new Set(communes.split(",").filter(Boolean));
  const colours = palette();
  const map = newMap(box, {
    style: {
      version: 8,
      sources: { ground: groundTiles(first, groundDeepest) },
      layers: [
        ...ground(colours, tiles === "ign"),
        {
          id: "chosen",
          type: "fill",
          source: "ground",
          "source-layer": "land",
          filter: selected(chosen),
          paint: { "fill-color": colours.accent, "fill-opacity": 0.35, "fill-outline-color": colours.accent },
        },
        names(colours),
      ],
    },
    bounds: (await extent(lookup, [...chosen])) ?? FRANCE,
    fitBoundsOptions: { padding: 40, maxZoom: 11 },
  });
  const idle = map.once("idle"); // asked for early: with nothing to draw it comes at once
  await map.once("load");
  const choose = (point: maplibregl.PointLike): void => {
    const code: unknown = map.queryRenderedFeatures(point, { layers: ["land"] })[0]?.properties["code"];
    if (typeof code !== "string" || !CODE.test(code)) return;
    void toggle(list, chosen, code, lookup).then(() => map.setFilter("chosen", selected(chosen)));
  };
  map.on("click", (event) => choose(event.point));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose([box.clientWidth / 2, box.clientHeight / 2]);
  });
  box.dataset["state"] = "drawn";
  await idle;
  box.dataset["state"] = "ready";
}

drawAll(draw);
