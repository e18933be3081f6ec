// The supply map: tiles of marks, a card for the one chosen, and a page that follows its form without leaving.
import type * as maplibregl from "maplibre-gl";
import type { Drawn } from "./map-features";
import { drawAll, FRANCE, groundTiles, ign, json, newMap, palette } from "./map-base";
import { icons } from "./map-icons";
import { drawing, layers, property, radiusOf, type Choice } from "./supply-layers";
import { inView, sized } from "./supply-words";

type Properties = Record<string, number | string | undefined>;
const EMPTY: Drawn = { type: "FeatureCollection", features: [] };
const PICKED_WITHIN_PX = 90; // of the centre, by keyboard
const PLACE_ZOOM = 11;
const LEAST: Record<string, number> = { firms: 5, capacity: 200_000 }; // a lone firm stays a small mark
const PARTS = ["supply-answer", "supply-tables", "trade", "place-said"]; // what a choice changes in the page

const element = (id: string): HTMLElement | null => document.getElementById(id);
const view = (): DOMStringMap => document.querySelector<HTMLElement>("[data-view]")?.dataset ?? {};
const choice = (): Choice => ({ who: view()["who"] ?? "", size: view()["size"] ?? "firms" });

/** An address of the server made for /0/0/0 (or 0), with the query of the choice. */
function address(pattern: string, tile = "{z}/{x}/{y}"): string {
  const query = view()["query"];
  return new URL(pattern, location.href).href.replace("0/0/0", tile) + (query ? `?${query}` : "");
}

/** A round figure, at least ``value``: a scale one can read, that does not flicker. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 1.5, 2, 3, 4, 5, 7, 10].map((step) => step * power).find((nice) => nice >= value) ?? value;
}

class SupplyMap {
  private most = 0;
  private picked = "";

  constructor(
    private readonly map: maplibregl.Map,
    private readonly box: HTMLElement,
  ) {
    this.rescale(100);
    map.on("idle", () => this.look());
    for (const layer of ["marks", "singles", "gaps"]) {
      map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
      map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
    }
    map.on("click", (event) => this.pick(event.point, 6));
    map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      const { clientWidth, clientHeight } = map.getCanvas();
      this.pick({ x: clientWidth / 2, y: clientHeight / 2 }, PICKED_WITHIN_PX);
    });
  }

  /** The page has changed: other tiles, other figures; the view stays, unless a place was asked for. */
  follow(): void {
    (this.map.getSource("supply") as maplibregl.VectorTileSource).setTiles([address(this.box.dataset["supply"] ?? "")]);
    (this.map.getSource("gaps") as maplibregl.GeoJSONSource).setData(address(this.box.dataset["gaps"] ?? ""));
    this.rescale(this.most);
    this.close();
    this.goToPlace();
  }

  /** The largest value a mark is sized by. */
  get scale(): number {
    return this.most;
  }

  goToPlace(): void {
    const { lon, lat } = view();
    const at: [number, number] | null = lon && lat ? [Number(lon), Number(lat)] : null;
    const place = at ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: at } }] : [];
    (this.map.getSource("place") as maplibregl.GeoJSONSource).setData({ type: "FeatureCollection", features: place } as Drawn);
    if (at) this.map.jumpTo({ center: at, zoom: Math.max(PLACE_ZOOM, this.map.getZoom()) });
  }

  /** Sum what is in view, and size the marks by the largest of them. */
  private look(): void {
    const seen = new Map<string, Properties>();
    for (const { properties: p } of this.map.queryRenderedFeatures({ layers: ["marks", "singles"] })) {
      seen.set(`${p["g"]}/${p["x"]}/${p["y"]}`, p as Properties);
    }
    const now = choice();
    const sum = (name: string): number => [...seen.values()].reduce((total, p) => total + Number(p[name] ?? 0), 0);
    const shown = element("supply-view");
    const count = sum(property({ ...now, size: "firms" }));
    if (shown) shown.textContent = inView(count, sum("s"), sum(property({ ...now, size: "capacity" })), now);
    const most = niceAbove(Math.max(...[...seen.values()].map((p) => Number(p[property(now)] ?? 0)), LEAST[now.size] ?? 1));
    if (seen.size && most !== this.most) this.rescale(most);
  }

  private rescale(most: number): void {
    this.most = most;
    const { filters, paint, layout } = drawing(choice(), most, palette());
    for (const [layer, filter] of Object.entries(filters)) this.map.setFilter(layer, filter as maplibregl.FilterSpecification);
    for (const [layer, name, value] of paint) this.map.setPaintProperty(layer, name as never, value as never);
    for (const [layer, name, value] of layout) this.map.setLayoutProperty(layer, name as never, value as never);
    this.legend();
  }

  private legend(): void {
    const scale = element("supply-scale");
    const values = [this.most, this.most / 4, this.most / 16].map((value) => Number(value.toPrecision(1))).filter((value) => value >= 1);
    scale?.replaceChildren(
      ...values.map((value) => {
        const sample = document.createElement("span");
        const disc = sample.appendChild(document.createElement("i"));
        disc.style.width = disc.style.height = `${2 * radiusOf(value, this.most)}px`;
        sample.append(sized(value, choice()));
        return sample;
      }),
    );
    scale?.classList.toggle("of-social", choice().who !== "");
    for (const line of document.querySelectorAll<HTMLElement>(".when-all")) line.hidden = choice().who !== "";
  }

  /** Open the mark nearest to a point of the canvas: a lot's page for a gap, a card for firms. */
  private pick(at: { x: number; y: number }, within: number): void {
    const around: [[number, number], [number, number]] = [
      [at.x - within, at.y - within],
      [at.x + within, at.y + within],
    ];
    const near = this.map
      .queryRenderedFeatures(around, { layers: ["marks", "singles", "gaps"] })
      .flatMap((feature) => {
        if (feature.geometry.type !== "Point") return [];
        const [lon = 0, lat = 0] = feature.geometry.coordinates;
        const { x, y } = this.map.project([lon, lat]);
        return [{ feature, lon, lat, away: Math.hypot(x - at.x, y - at.y) }];
      })
      .sort((one, other) => one.away - other.away)[0];
    if (!near) return this.close();
    if (near.feature.layer.id === "gaps") {
      location.assign((this.box.dataset["lot"] ?? "").replace("/0/", `/${near.feature.properties["lot"]}/`));
      return;
    }
    void this.open(near.feature.properties as Properties, [near.lon, near.lat]);
  }

  private async open(p: Properties, coordinates: [number, number]): Promise<void> {
    const card = element("supply-card");
    const key = `${p["g"]}/${p["x"]}/${p["y"]}`;
    this.picked = key;
    const radius = radiusOf(Number(p[property(choice())] ?? 0), this.most);
    const ring = { type: "Feature", properties: { radius }, geometry: { type: "Point", coordinates } };
    (this.map.getSource("picked") as maplibregl.GeoJSONSource).setData(ring as never);
    if (!card) return;
    card.textContent = card.dataset["wait"] ?? "";
    const url = new URL(address(this.box.dataset["card"] ?? "", key));
    if (choice().who) url.searchParams.set("who", choice().who);
    const response = await fetch(url).catch(() => null);
    if (this.picked !== key) return; // another mark was chosen meanwhile
    if (response?.ok) card.innerHTML = await response.text();
    else card.textContent = card.dataset["failed"] ?? "";
    card.dataset["of"] = key;
  }

  private close(): void {
    this.picked = "";
    element("supply-card")?.replaceChildren();
    (this.map.getSource("picked") as maplibregl.GeoJSONSource).setData(EMPTY);
  }
}

/** Read the page of another choice and put its parts in place: the map stays, with its view. */
async function load(url: URL, supply: SupplyMap): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) return location.assign(url);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of PARTS) {
    const [old, fresh] = [element(id), page.getElementById(id)];
    // The choice is read first: options that leave their list one by one make it choose another each time.
    const chosen = fresh instanceof HTMLSelectElement ? fresh.value : null;
    if (old && fresh) old.replaceChildren(...fresh.childNodes);
    if (old instanceof HTMLSelectElement && chosen !== null) old.value = chosen;
  }
  document.title = page.title;
  supply.follow();
}

function followForm(supply: SupplyMap): void {
  const form = element("supply-form");
  if (!(form instanceof HTMLFormElement)) return;
  const go = (): void => {
    const url = new URL(form.action);
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value && !(name === "size" && value === "firms")) url.searchParams.set(name, value);
    }
    history.pushState(null, "", url.href + location.hash);
    void load(url, supply);
  };
  form.addEventListener("change", (event) => {
    if ((event.target as HTMLElement).id !== "place") go();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  let shown = location.search;
  addEventListener("popstate", () => {
    if (location.search === shown) return; // only the view moved
    shown = location.search;
    const asked = new URLSearchParams(shown);
    for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("select, input[type=search]")) {
      field.value = asked.get(field.name) ?? (field.id === "size" ? "firms" : "");
    }
    void load(new URL(location.pathname + shown, location.href), supply);
  });
  form.addEventListener("change", () => (shown = location.search));
  form.addEventListener("submit", () => (shown = location.search));
  suggest(form);
}

interface Known {
  name: string;
  departement: string;
  code: string;
}

/** Names of communes as one types. */
function suggest(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>("#place");
  const list = element("communes");
  let waiting = 0;
  input?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(async () => {
      if (input.value.trim().length < 2) return;
      const found = await json<Known[]>(`/api/communes?limit=6&q=${encodeURIComponent(input.value.trim())}`).catch(() => []);
      list?.replaceChildren(...found.map(({ name, departement, code }) => new Option(`${name} (${departement})`, code)));
    }, 200);
  });
}

/** Links of the table bring the map into sight; the address does the rest. */
function followLinks(box: HTMLElement): void {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-go]") : null;
    if (!(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    history.pushState(null, "", location.pathname + location.search + link.hash);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
    box.scrollIntoView({ block: "center" });
    box.querySelector("canvas")?.focus({ preventScroll: true });
  });
}

async function draw(box: HTMLElement): Promise<void> {
  const { tiles = "none", ground = "", supply = "", gaps = "", deepest, groundDeepest } = box.dataset;
  const colours = palette();
  const data: maplibregl.GeoJSONSourceSpecification = { type: "geojson", data: EMPTY };
  const sources: maplibregl.StyleSpecification["sources"] = {
    ground: groundTiles(ground, groundDeepest),
    supply: { type: "vector", tiles: [address(supply)], maxzoom: Number(deepest) },
    gaps: { type: "geojson", data: address(gaps) },
    picked: data,
    place: data,
  };
  if (tiles === "ign") sources["ign"] = ign;
  const extent = view()["extent"]?.split(",").map(Number) as [number, number, number, number] | undefined;
  const map = newMap(box, {
    style: { version: 8, sources, layers: layers(colours, tiles === "ign") },
    bounds: extent ?? FRANCE,
    fitBoundsOptions: { padding: 40, maxZoom: 11 },
    hash: "map",
    minZoom: 1,
    maxZoom: 18,
    renderWorldCopies: false,
  });
  for (const [name, image] of icons(colours)) map.addImage(name, image, { pixelRatio: 2 });
  const cross = box.appendChild(document.createElement("span"));
  cross.className = "crosshair";
  await map.once("load");
  const drawn = new SupplyMap(map, box);
  if (!location.hash.includes("map=") || view()["lon"]) drawn.goToPlace();
  followForm(drawn);
  followLinks(box);
  let scale;
  do {
    scale = drawn.scale; // the first marks in view may ask for another one
    map.triggerRepaint();
    await map.once("idle");
  } while (drawn.scale !== scale);
  box.dataset["state"] = "ready";
}

drawAll(draw);
