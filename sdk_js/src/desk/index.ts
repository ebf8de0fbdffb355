export { builder } from "./chunks";
export { follow } from "./link";
export { prepare } from "./run";
export { stand } from "./standing";
