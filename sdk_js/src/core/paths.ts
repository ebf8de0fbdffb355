/** Paths and globs, the same on the server (vectors in guides/cases). */

const ID =
  /^(\d+|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|(?=.*\d)[\da-z_-]{16,}|.*(@|%40).*)$/i;

/** `/leave/42?a=b#c` becomes `/leave/:id`: what leaves the page. */
export const pathTemplate = (address: string): string => {
  const template = address
    .replace(/^[a-z]+:\/\/[^/?#]*|[?#].*/gis, "")
    .split("/")
    .map((segment) => (ID.test(segment) ? ":id" : segment))
    .join("/")
    .slice(0, 300);
  return template[0] === "/" ? template : "/" + template;
};

/** `/people/42` becomes `/people/*`: the pages like this one. */
export const globOf = (path: string): string => pathTemplate(path).replace(/:id/g, "*");

/** `*` stays within a segment, `**` crosses them, `?` is one character; a trailing `/**` also fits the path without it. */
export const matchesGlob = (glob: string, path: string): boolean => {
  const open = glob.endsWith("/**");
  const pattern = (open ? glob.slice(0, -3) : glob).replace(/\*\*|\W/g, (piece) =>
    piece === "**" ? ".*" : piece === "*" ? "[^/]*" : piece === "?" ? "[^/]" : "\\" + piece,
  );
  return new RegExp("^" + pattern + (open ? "(/.*)?$" : "$"), "s").test(path);
};

/** True when one of the globs fits the path as it is or as a template; no globs fit everywhere. */
export const fitsPage = (globs: string[] | null | undefined, path: string): boolean =>
  !globs?.length || globs.some((glob) => matchesGlob(glob, path) || matchesGlob(glob, pathTemplate(path)));
