/** How much of a card can be read at the present zoom: told once by the canvas, not asked by a thousand cards. */
import { createContext, useContext } from "react";
import { FAR, FEW, TINY } from "./geometry";

/**
 * near: everything; far: names, and with few cards one large number; tiny: one colour.
 */
export type Detail = "near" | "far" | "far-few" | "tiny";

export function detailAt(zoom: number, nodeCount: number): Detail {
  if (zoom >= FAR) return "near";
  if (nodeCount <= FEW) return "far-few";
  return zoom >= TINY ? "far" : "tiny";
}

const DETAIL_CLASS: Readonly<Record<Detail, string>> = {
  near: "",
  far: " is-far is-crowd",
  "far-few": " is-far is-few",
  tiny: " is-far is-crowd is-tiny",
};

export const detailClass = (detail: Detail): string => DETAIL_CLASS[detail];

export const DetailContext = createContext<Detail>("near");
export const useDetail = (): Detail => useContext(DetailContext);
