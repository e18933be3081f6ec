// Features as the server sends them, and what is added before drawing. Pure functions.
import type { LngLatBoundsLike } from "maplibre-gl";
import { MEMBER_SCALE, NUMBER_PX } from "./map-layers";

export interface Properties {
  role: "lot" | "firm" | "link" | "label" | "beacon";
  key?: string;
  siret?: string;
  lot?: number;
  beacon?: number;
  name?: string;
  social?: boolean;
  solo?: boolean;
  rank?: number;
  team?: number;
  number?: number;
  share?: number;
  circle_km?: number;
  offset?: [number, number]; // pixels before the icon's own scale
  textOffset?: [number, number]; // the same place in ems
  icon?: string;
}

export type Position = [number, number];

export interface Feature {
  type: "Feature";
  properties: Properties;
  geometry:
    | { type: "Point"; coordinates: Position }
    | { type: "LineString"; coordinates: Position[] }
    | { type: "Polygon"; coordinates: Position[][] };
}

export interface Drawn {
  type: "FeatureCollection";
  features: Feature[];
}

const EARTH_KM = 6371.0088;

/** The features of a list whose groupings are replaced by those given. */
export function withGroupings(listed: Drawn, groupings: Drawn): Drawn {
  const kept = listed.features.filter(({ properties: p }) => p.role !== "link" && !(p.role === "firm" && p.rank === 0));
  const known = new Set(kept.map(({ properties: p }) => p.siret));
  const added = groupings.features.filter(({ properties: p }) => p.role === "link" || !known.has(p.siret));
  return { type: "FeatureCollection", features: [...kept, ...added] };
}

/** Give each feature its key and icon, and fan out firms that share one point (a commune's centre). */
export function prepared(drawn: Drawn): Drawn {
  const seen = new Map<string, number>();
  for (const { properties: p, geometry } of drawn.features) {
    if (p.role === "firm") {
      p.key = `firm-${p.siret ?? ""}`;
      p.icon = p.social ? "firm-ess" : "firm-ordinary";
      p.number ??= 0;
    } else if (p.role === "lot") {
      p.key = `lot-${p.lot ?? "own"}`;
      p.offset = [0, 0];
    } else if (p.role === "beacon") {
      p.key = `beacon-${p.beacon ?? 0}`;
      p.offset = [0, 0];
    }
    if (geometry.type === "Point" && p.role === "firm") {
      const place = geometry.coordinates.join();
      const nth = seen.get(place) ?? 0;
      seen.set(place, nth + 1);
      p.offset = fan(nth);
      p.textOffset = [(p.offset[0] * MEMBER_SCALE) / NUMBER_PX, (p.offset[1] * MEMBER_SCALE) / NUMBER_PX];
    }
  }
  return drawn;
}

/** Sunflower spiral in pixels: the first stays put, the others sit around it. */
function fan(nth: number): [number, number] {
  const radius = 13 * Math.sqrt(nth);
  const angle = nth * 2.399963;
  return [Math.round(radius * Math.cos(angle)), Math.round(radius * Math.sin(angle))];
}

/** Circles of uncertainty or reach, on the sphere: a circle in kilometres, not in degrees. */
export function circle(drawn: Drawn): Drawn {
  const features = drawn.features.flatMap(({ properties: p, geometry }): Feature[] => {
    if (geometry.type !== "Point" || !p.circle_km || p.circle_km < 1) return [];
    const ring = around(geometry.coordinates, p.circle_km);
    return [{ type: "Feature", properties: { role: p.role }, geometry: { type: "Polygon", coordinates: [ring] } }];
  });
  return { type: "FeatureCollection", features };
}

function around([lon, lat]: Position, km: number): Position[] {
  const rad = Math.PI / 180;
  const d = km / EARTH_KM;
  const phi = lat * rad;
  return Array.from({ length: 73 }, (_, step): Position => {
    const bearing = step * 5 * rad;
    const phi2 = Math.asin(Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(bearing));
    const turn = Math.atan2(
      Math.sin(bearing) * Math.sin(d) * Math.cos(phi),
      Math.cos(d) - Math.sin(phi) * Math.sin(phi2),
    );
    return [lon + turn / rad, phi2 / rad];
  });
}

export function bounds(drawn: Drawn): LngLatBoundsLike | null {
  const points: Position[] = drawn.features.flatMap(({ geometry }) =>
    geometry.type === "Point" ? [geometry.coordinates] : [],
  );
  for (const { geometry } of circle(drawn).features) {
    if (geometry.type === "Polygon") points.push(...(geometry.coordinates[0] ?? []));
  }
  if (!points.length) return null;
  const lon = points.map((point) => point[0]);
  const lat = points.map((point) => point[1]);
  return [Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)];
}
