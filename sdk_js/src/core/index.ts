declare const DESK: string;

/** The sha384 of the chunk that knows all others. */
export const desk = DESK;
export { attempt } from "./scope";
export { createSdk } from "./sdk";
