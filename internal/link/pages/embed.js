// Shows a link of Busbar in a frame above the page that loads this script.
//
//   Busbar.open({ url, onConnected: ({ code, state }) => …, onExit: ({ reason }) => … })
//
// url is the link's address, from the server that this script comes from. The page's origin must be registered for links. open gives { close() }.
(() => {
  "use strict";
  const home = new URL(document.currentScript.src).origin;
  const style = (element, rules) => Object.assign(element.style, rules);

  const open = ({ url, onConnected = () => {}, onExit = () => {}, label = "Connect a system", closeLabel = "Close" }) => {
    const address = new URL(url, home);
    if (address.origin !== home) throw new Error(`Busbar.open: ${address.origin} is not ${home}, which this script comes from`);

    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", label);
    style(dialog, { padding: "0", border: "0", borderRadius: "16px", width: "min(1080px, 100vw - 24px)", height: "min(860px, 100dvh - 24px)", maxWidth: "none", maxHeight: "none", overflow: "hidden", background: "Canvas", boxShadow: "0 24px 64px rgb(0 0 0 / .35)" });
    const frame = document.createElement("iframe");
    frame.title = label;
    frame.referrerPolicy = "no-referrer";
    frame.src = address.href;
    style(frame, { display: "block", border: "0", width: "100%", height: "100%" });
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", closeLabel);
    button.textContent = "×";
    style(button, { position: "absolute", top: "12px", right: "12px", width: "40px", height: "40px", border: "1px solid GrayText", borderRadius: "50%", font: "24px/1 system-ui, sans-serif", background: "Canvas", color: "CanvasText", cursor: "pointer" });

    let ended = false;
    const end = (tell) => {
      if (ended) return;
      ended = true;
      removeEventListener("message", hear);
      dialog.close();
      dialog.remove();
      tell();
    };
    const hear = (event) => {
      if (event.origin !== home || event.source !== frame.contentWindow) return;
      const { busbar, code, state } = event.data ?? {};
      if (busbar === "connected") end(() => onConnected({ code, state }));
      if (busbar === "cancelled" || busbar === "closed") end(() => onExit({ reason: busbar }));
    };
    const close = () => end(() => onExit({ reason: "closed" }));

    addEventListener("message", hear);
    frame.addEventListener("load", () => frame.contentWindow?.postMessage({ busbar: "hello" }, home));
    button.addEventListener("click", close);
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
    dialog.append(frame, button);
    document.body.append(dialog);
    dialog.showModal();
    frame.focus();
    return { close };
  };

  window.Busbar = Object.freeze({ open });
})();
