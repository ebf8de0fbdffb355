export { play } from "./player";
