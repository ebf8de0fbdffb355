/** Which chunk draws a kind; tours, tooltips and modals are drawn by the view itself. The build writes the hashes. */

declare const CHINESE: string;
declare const BANNER: string;
declare const CHECKLIST: string;
declare const SURVEY: string;
declare const RESOURCE_CENTRE: string;

declare const BUILDER: string;

/** The sha384 of what only authors load. */
export const builder = BUILDER;

/** The sha384 of our words in Chinese. */
export const ZH = CHINESE;

/** The sha384 of the chunk of each further kind, in base64. */
export const CHUNKS: Record<string, string | undefined> = { banner: BANNER, checklist: CHECKLIST, survey: SURVEY, resource_centre: RESOURCE_CENTRE };
