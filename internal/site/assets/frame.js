// Speaks with the page around a frame: only with one that this page names, and that said hello.
(() => {
  "use strict";
  const allowed = (document.body.dataset.frames || "").split(" ").filter(Boolean);
  let around = "";
  const tell = (message) => { if (around) parent.postMessage(message, around); };

  addEventListener("message", (event) => {
    if (event.source !== parent || !allowed.includes(event.origin) || event.data?.busbar !== "hello") return;
    around = event.origin;
    const last = document.querySelector("[data-busbar-end]");
    if (last) tell({ busbar: last.dataset.busbarEnd, code: last.dataset.code, state: last.dataset.state });
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") tell({ busbar: "closed" }); });
})();
