/** Tells of each route: the Navigation API where it is, else the moments after which a route may have changed. */
import type { Scope } from "./scope";

export function watchRoutes(win: Window, scope: Scope, onRoute: () => void): void {
  let last = win.location.pathname;
  const check = () => {
    if (win.location.pathname === last) return;
    last = win.location.pathname;
    onRoute();
  };
  const { navigation } = win as Window & { navigation?: EventTarget };
  if (navigation) scope.listen(navigation, "currententrychange", check);
  else
    scope.listen(win, "popstate click keyup submit", () => {
      scope.after(0, check);
      scope.after(300, check);
    });
  scope.listen(win, "pageshow", (event) => {
    if ((event as PageTransitionEvent).persisted) onRoute();
  });
}
