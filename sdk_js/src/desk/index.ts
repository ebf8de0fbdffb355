export { prepare } from "./run";
export { stand } from "./standing";
