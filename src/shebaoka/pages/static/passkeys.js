// Passkeys at the pages. A button with `data-passkey` has its form's answer made by an authenticator before the form is
// sent: `get` to sign in, `create` to add one. The fields that `data-needs` names must be filled; what is to be signed
// comes from `data-challenge`, asked with the fields that `data-sends` names. What is said meanwhile, and when something
// is wrong, stands in the button's own data, in the page's language. Without this script the button stays hidden, and
// what stands in `data-says` from the first tells people to do without.
"use strict";

(() => {
  const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  // What the server sends as JSON, with the parts that a browser takes as bytes.
  const asked = (options) => {
    const keys = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));
    const made = { ...options, challenge: bytes(options.challenge) };
    if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) made.excludeCredentials = keys(options.excludeCredentials);
    if (options.allowCredentials) made.allowCredentials = keys(options.allowCredentials);
    return made;
  };

  // What an authenticator made, as the server reads it.
  const answered = (credential) => {
    const response = {};
    for (const part of PARTS) if (credential.response[part]) response[part] = text(credential.response[part]);
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  };

  // The challenge, or the sentence of a refusal. Whoever is not signed in any more is led to where one signs in.
  const challenge = async (form, { challenge: from, sends }) => {
    const fields = new FormData(form);
    const body = new URLSearchParams(sends.split(" ").map((name) => [name, fields.get(name) || ""]));
    const got = await fetch(from, { method: "POST", body });
    if (!(got.headers.get("Content-Type") || "").startsWith("application/json")) {
      location.reload();
      return null;
    }
    const said = await got.json();
    if (!got.ok) throw Object.assign(new Error(said.code), { told: said.says });
    return asked(said);
  };

  const sentence = (button, error) => {
    const says = { NotAllowedError: "cancelled", InvalidStateError: "known", SecurityError: "elsewhere" };
    return error.told || button.dataset[says[error.name]] || button.dataset.failed;
  };

  const tell = (says, sentence, kind) => {
    says.textContent = sentence;
    says.className = `says ${kind}`;
    says.hidden = false;
  };

  const begin = async (button, says) => {
    const form = button.form;
    if (!button.dataset.needs.split(" ").every((name) => form.elements[name].reportValidity())) return;
    tell(says, button.dataset.waiting, "soft");
    button.disabled = true;
    try {
      const publicKey = await challenge(form, button.dataset);
      if (publicKey === null) return;
      form.elements.answer.value = answered(await navigator.credentials[button.dataset.passkey]({ publicKey }));
      form.submit();
    } catch (error) {
      tell(says, sentence(button, error), "problem");
      button.disabled = false;
    }
  };

  for (const button of document.querySelectorAll("button[data-passkey]")) {
    const says = button.form.querySelector("[data-says]");
    if (!window.PublicKeyCredential) {
      tell(says, button.dataset.unsupported, "soft");
      continue;
    }
    says.hidden = true;
    button.hidden = false;
    button.addEventListener("click", (event) => {
      event.preventDefault();
      begin(button, says);
    });
  }
})();
