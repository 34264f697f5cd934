// Wakes the components: the page works without this, and is easier with it.
import { initAll } from "/static/vendor/nhsuk-frontend/components.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();

// What htmx puts into a page has components of its own.
document.addEventListener("htmx:afterSwap", (event) => initAll({ scope: event.detail.target }));
