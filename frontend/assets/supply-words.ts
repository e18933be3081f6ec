// Figures of the supply map in words, in the page's language.
import type { Choice } from "./supply-layers";

const english = document.documentElement.lang === "en";
const number = new Intl.NumberFormat(document.documentElement.lang);

/** An amount that is an estimate: two significant digits, k€ or M€. */
export function euros(value: number): string {
  const rounded = Number(value.toPrecision(2));
  if (rounded >= 1e6) return `${number.format(rounded / 1e6)}\u202fM€`;
  return rounded >= 1e4 ? `${number.format(rounded / 1e3)}\u202fk€` : `${number.format(rounded)}\u202f€`;
}

export function firms(value: number): string {
  const one = value < 2;
  if (english) return `${number.format(value)} ${one ? "firm" : "firms"}`;
  return `${number.format(value)} ${one ? "entreprise" : "entreprises"}`;
}

export function sized(value: number, choice: Choice): string {
  return choice.size === "capacity" ? `${euros(value)}${english ? " a year" : " par an"}` : firms(value);
}

export function inView(count: number, social: number, capacity: number, choice: Choice): string {
  if (!count) return english ? "No firm in this view." : "Aucune entreprise dans cette vue.";
  const amount = english ? `, about ${euros(capacity)} a year free` : `, environ ${euros(capacity)} par an libres`;
  const shown = choice.who ? "" : english ? `, ${number.format(social)} social` : `, dont ${number.format(social)} ESS ou inclusives`;
  return `${english ? "In this view:" : "Dans cette vue :"} ${firms(count)}${shown}${amount}.`;
}
