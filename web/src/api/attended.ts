/** How long after somebody last did something a page counts as attended. */
const attendedFor = 60_000;

let last = Date.now();
for (const act of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) addEventListener(act, () => (last = Date.now()), { passive: true, capture: true });

/** attended says that somebody is at the page. What a page reads by itself with nobody at it keeps no session alive. */
export function attended() {
  return Date.now() - last < attendedFor;
}
