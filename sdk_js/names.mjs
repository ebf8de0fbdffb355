/**
 * Names between our own modules, shortened in the bundles. A name of the wire or of the public API must not be here
 * (a test looks), nor one of the DOM that the sources use.
 */
export const OURS = (
  "looks forward note onPress openScope onRoute onTrack layer fits locate watch listen after say arrow side ended keep offer " +
  "beacon flush shift retry_ms put load win report ours lay end stop total index modal menu look values isUrgent visit " +
  "icon say make fill spans draw openSurface move offered drop handlers recall remember dismiss finish"
).split(" ");
