// Starts the program of the pages. Browsers remember under its address that a module did not load: another try has
// another. See ui/src/components/pages_frame.rs.
const { search } = new URL(import.meta.url);
import(`./pages.js${search}`)
  .then(({ default: init }) => init())
  .catch((error) => dispatchEvent(new CustomEvent("tabchain-pages-failed", { detail: String(error) })));
