/** The view draws tours, tooltips and modals; what it is made of draws the other kinds, too. */
import type { Kit } from "../stage";
import { draw, spans } from "./card";
import { make } from "./dom";
import css from "./style.css";
import { openSurface } from "./surface";

export { play } from "./player";
export const kit: Kit = { make, spans, draw, openSurface, css };
