// Every worker runs the page's own module, which its first message brings along compiled: what it is to be there, node
// or miner, is in its name. See node-wasm/src/web/program.rs.
self.onmessage = ({ data: { glue, module } }) => {
  import(glue)
    .then(({ default: init }) => init({ module_or_path: module }))
    // An exception in a promise is no error event of a worker; one in a timer is.
    .catch((error) => setTimeout(() => { throw error; }));
};
