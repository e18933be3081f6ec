// The map of a split: communes coloured and numbered by lot; a border moves by drag, or by a commune chosen.
import type * as maplibregl from "maplibre-gl";
import type { ExpressionSpecification } from "maplibre-gl";
import { drawAll, FRANCE, groundTiles, ign, json, newMap, palette } from "./map-base";
import { ground, names } from "./supply-layers";

interface Layer {
  key: string;
  lots: Record<string, string>; // title by number
  of: Record<string, number[]>; // lots of a commune: several where they share a volume
  takers: Record<string, number[]>; // lots that a commune may join
  edge: string[]; // communes that touch another lot: a drag may start there
}

interface State {
  layer: string;
  layers: Layer[];
}

interface Commune {
  type: "Feature";
  properties: Record<string, unknown>;
  geometry: unknown;
}

interface Communes {
  type: "FeatureCollection";
  bbox: [number, number, number, number] | null;
  features: Commune[];
}

type Data = Parameters<maplibregl.GeoJSONSource["setData"]>[0];

const EMPTY: Data = { type: "FeatureCollection", features: [] };
const LOTS = 12;
const FONT = ["system-ui", "sans-serif"];

function stateOf(): State {
  return JSON.parse(document.querySelector("#split-state")?.textContent ?? "{}") as State;
}

/** The colour of each lot, as the legend and the tables have it. */
function colourOfLot(): ExpressionSpecification {
  const style = getComputedStyle(document.documentElement);
  const pairs = Array.from({ length: LOTS }, (_, lot) => [lot + 1, style.getPropertyValue(`--lot-${lot + 1}`).trim()]);
  return ["match", ["get", "lot"], ...pairs.flat(), "#888888"] as unknown as ExpressionSpecification;
}

function style(box: HTMLElement): maplibregl.StyleSpecification {
  const colours = palette();
  const { tiles = "none", ground: first = "", groundDeepest } = box.dataset;
  const sources: maplibregl.StyleSpecification["sources"] = {
    ground: groundTiles(first, groundDeepest),
    communes: { type: "geojson", data: EMPTY },
  };
  if (tiles === "ign") sources["ign"] = ign;
  return {
    version: 8,
    sources,
    layers: [
      ...ground(colours, tiles === "ign"),
      { id: "lots", type: "fill", source: "communes", paint: { "fill-color": colourOfLot(), "fill-opacity": 0.62 } },
      { id: "outlines-in", type: "line", source: "communes", paint: { "line-color": colours.paper, "line-width": 1.2 } },
      {
        id: "chosen",
        type: "line",
        source: "communes",
        filter: ["==", ["get", "code"], ""],
        paint: { "line-color": colours.ink, "line-width": 3 },
      },
      names(colours),
      {
        id: "numbers",
        type: "symbol",
        source: "communes",
        layout: { "text-field": ["get", "number"], "text-font": FONT, "text-size": 13, "text-allow-overlap": true },
        paint: { "text-color": colours.ink, "text-halo-color": colours.paper, "text-halo-width": 1.8 },
      },
    ],
  };
}

class SplitMap {
  private state = stateOf();
  private dragged = ""; // commune a drag began in
  private over = ""; // commune that would join its lot

  constructor(
    private readonly map: maplibregl.Map,
    private readonly communes: Communes,
  ) {
    this.show(this.state.layer);
    map.on("mousemove", "lots", (event) => this.move(event));
    map.on("mousedown", "lots", (event) => this.press(event));
    map.on("mouseup", () => this.release());
    map.on("mouseleave", "lots", () => (map.getCanvas().style.cursor = ""));
    map.on("click", "lots", (event) => this.choose(codeOf(event)));
  }

  private get layer(): Layer | undefined {
    return this.state.layers.find((one) => one.key === this.state.layer) ?? this.state.layers[0];
  }

  /** The page has changed: other lots, the same layer where it is still there. */
  follow(): void {
    const before = this.state.layer;
    this.state = stateOf();
    this.dragged = this.over = "";
    this.show(this.state.layers.some((one) => one.key === before) ? before : this.state.layer);
  }

  /** Draw the lots of some trades. */
  show(key: string): void {
    this.state.layer = key;
    const of = this.layer?.of ?? {};
    const features = this.communes.features
      .filter(({ properties }) => of[codeIn(properties)])
      .map((one) => {
        const lots = of[codeIn(one.properties)] ?? [];
        return { ...one, properties: { ...one.properties, lot: lots[0], number: lots.join(" · ") } };
      });
    (this.map.getSource("communes") as maplibregl.GeoJSONSource).setData({ type: "FeatureCollection", features } as Data);
    this.mark("");
    for (const row of document.querySelectorAll<HTMLElement>("[data-lot-legend] > li")) row.hidden = row.dataset["layer"] !== key;
    const radio = document.querySelector<HTMLInputElement>(`[data-layer-picker] input[value="${CSS.escape(key)}"]`);
    if (radio) radio.checked = true;
  }

  private mark(code: string): void {
    this.map.setFilter("chosen", ["==", ["get", "code"], code]);
  }

  private press(event: maplibregl.MapLayerMouseEvent): void {
    const code = codeOf(event);
    if (!form() || !this.layer?.edge.includes(code)) return; // inside a lot the map pans as usual
    event.preventDefault();
    this.dragged = code;
  }

  private move(event: maplibregl.MapLayerMouseEvent): void {
    const code = codeOf(event);
    const edge = this.layer?.edge.includes(code) && form();
    this.map.getCanvas().style.cursor = edge ? "grab" : "";
    if (!this.dragged) return;
    const lot = this.layer?.of[this.dragged]?.[0] ?? 0;
    this.over = this.layer?.takers[code]?.includes(lot) && this.layer.of[code]?.[0] !== lot ? code : "";
    this.mark(this.over);
  }

  private release(): void {
    const { dragged, over } = this;
    this.dragged = this.over = "";
    if (dragged && over) this.send(over, this.layer?.of[dragged]?.[0] ?? 0);
  }

  /** Say what a commune may join, as buttons under the map. */
  private choose(code: string): void {
    const panel = form();
    const choices = panel?.querySelector<HTMLElement>("[data-border-choices]");
    const said = panel?.querySelector<HTMLElement>("[data-border-said]");
    if (!panel || !choices || !said || !this.layer) return;
    this.mark(code);
    const takers = this.layer.takers[code] ?? [];
    const { lotWord, inside, word } = choices.dataset;
    const name = String(this.communes.features.find((one) => codeIn(one.properties) === code)?.properties["name"] ?? code);
    said.textContent = `${name} : ${lotWord ?? ""} ${this.layer.of[code]?.join(", ") ?? ""}${takers.length ? "" : `, ${inside ?? ""}`}.`;
    choices.replaceChildren(
      ...takers.map((lot) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet-button";
        button.textContent = `${word ?? ""} ${lot}. ${this.layer?.lots[String(lot)] ?? ""}`;
        button.addEventListener("click", () => this.send(code, lot));
        return button;
      }),
    );
  }

  private send(code: string, to: number): void {
    const panel = form();
    if (!panel) return;
    set(panel, "commune", code);
    set(panel, "from", String(this.layer?.of[code]?.[0] ?? ""));
    set(panel, "to", String(to));
    panel.requestSubmit();
  }
}

const form = (): HTMLFormElement | null => document.querySelector<HTMLFormElement>("[data-border-form]");
const codeIn = (properties: Record<string, unknown>): string => String(properties["code"] ?? "");
const codeOf = (event: maplibregl.MapLayerMouseEvent): string => codeIn(event.features?.[0]?.properties ?? {});

function set(panel: HTMLFormElement, name: string, value: string): void {
  const field = panel.elements.namedItem(name);
  if (field instanceof HTMLInputElement) field.value = value;
}

async function draw(box: HTMLElement): Promise<void> {
  const communes = await json<Communes>(box.dataset["outlines"] ?? "");
  const map = newMap(box, {
    style: style(box),
    bounds: communes.bbox ?? FRANCE,
    fitBoundsOptions: { padding: 30 },
  });
  await map.once("load");
  const split = new SplitMap(map, communes);
  document.addEventListener("htmx:after:swap", () => split.follow());
  document.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement) || !event.target.closest("[data-layer-picker]")) return;
    split.show(event.target.value);
    const address = new URL(location.href);
    address.searchParams.set("layer", event.target.value);
    history.replaceState(history.state, "", address);
  });
  box.dataset["state"] = "drawn";
  await map.once("idle");
  box.dataset["state"] = "ready";
}

drawAll(draw);
