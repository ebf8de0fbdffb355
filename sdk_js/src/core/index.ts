export { attempt } from "./scope";
export { createSdk } from "./sdk";
