"use strict";

// Renders openapi.json. Text from the description only ever becomes text nodes.

const methods = ["get", "post", "put", "patch", "delete"];

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function resolve(api, schema) {
  const path = schema && schema.$ref;
  if (!path) return schema || {};
  return path.replace("#/", "").split("/").reduce((at, step) => (at || {})[step], api) || {};
}

function typeName(api, schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const type = [].concat(schema.type || "any").join(" or ");
  if (schema.type === "array" || (schema.type || []).includes?.("array")) return "list of " + typeName(api, schema.items);
  return schema.enum ? schema.enum.join(" | ") : schema.format ? `${type} (${schema.format})` : type;
}

function example(api, schema, depth = 0) {
  const known = resolve(api, schema);
  if (known.examples) return known.examples[0];
  if (known.default !== undefined) return known.default;
  if (known.enum) return known.enum[0];
  const type = [].concat(known.type || "object")[0];
  if (depth > 6) return null;
  if (type === "object") {
    return Object.fromEntries(Object.entries(known.properties || {}).map(([name, part]) => [name, example(api, part, depth + 1)]));
  }
  if (type === "array") return [example(api, known.items, depth + 1)];
  if (type === "integer" || type === "number") return 1;
  if (type === "boolean") return true;
  return { date: "2027-01-10", "date-time": "2027-01-10T15:00:00Z" }[known.format] || "text";
}

function table(rows) {
  const head = element("tr", {}, ...["Name", "Type", ""].map((text) => element("th", { scope: "col" }, text)));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

function row(name, required, type, text) {
  return element("tr", {},
    element("td", {}, element("code", {}, name), required ? element("span", { class: "required" }, " required") : null),
    element("td", {}, type), element("td", {}, text || ""));
}

function fields(api, schema) {
  const known = resolve(api, schema);
  const required = known.required || [];
  return table(Object.entries(known.properties || {}).map(([name, part]) =>
    row(name, required.includes(name), typeName(api, part), part.description || resolve(api, part).description)));
}

function json(api, schema) {
  return element("pre", {}, JSON.stringify(example(api, schema), null, 2));
}

function media(content) {
  const [type, body] = Object.entries(content || {})[0] || [];
  return type ? { type, schema: body.schema } : null;
}

function renderOperation(api, path, method, operation) {
  const box = element("details", { id: operation.operationId },
    element("summary", {}, element("span", { class: "method" }, method.toUpperCase()), element("code", {}, path),
      element("span", { class: "summary" }, operation.summary || "")));
  if (operation.description) box.append(element("p", {}, operation.description));
  const parameters = operation.parameters || [];
  if (parameters.length) {
    box.append(element("h4", {}, "Parameters"), table(parameters.map((p) =>
      row(p.name, p.required, `${typeName(api, p.schema)} in ${p.in}`, p.description))));
  }
  const body = media(operation.requestBody && operation.requestBody.content);
  if (body) box.append(element("h4", {}, `Body, ${body.type}`), fields(api, body.schema), json(api, body.schema));
  for (const [status, response] of Object.entries(operation.responses || {})) {
    const answer = media(response.content);
    box.append(element("h4", {}, `${status} ${response.description || ""}${answer ? `, ${answer.type}` : ""}`));
    if (answer && status < "300") box.append(fields(api, answer.schema), json(api, answer.schema));
    else if (answer) box.append(element("p", {}, element("code", {}, typeName(api, answer.schema))));
  }
  return box;
}

function render(api) {
  document.getElementById("about").replaceChildren(
    `${api.info.description || ""} Version ${api.info.version}, OpenAPI ${api.openapi}: `, element("a", { href: "/openapi.json" }, "openapi.json"), ".");
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of methods.filter((name) => item[name])) {
      const tag = (item[method].tags || ["Other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push({ path, method, operation: item[method] });
    }
  }
  const index = element("ul");
  const main = document.getElementById("operations");
  for (const [tag, operations] of groups) {
    main.append(element("h2", {}, tag));
    for (const { path, method, operation } of operations) {
      index.append(element("li", {}, element("a", { href: "#" + operation.operationId }, element("code", {}, `${method.toUpperCase()} ${path}`))));
      main.append(renderOperation(api, path, method, operation));
    }
  }
  const problem = api.components.schemas.Problem;
  if (problem) {
    main.append(element("h2", {}, "Errors"), element("p", {}, "Every error is application/problem+json with these fields."), fields(api, problem));
  }
  document.getElementById("index").append(index);
  const open = () => { const target = document.getElementById(location.hash.slice(1)); if (target && target.tagName === "DETAILS") target.open = true; };
  addEventListener("hashchange", open);
  open();
}

fetch("/openapi.json")
  .then((response) => { if (!response.ok) throw new Error(`openapi.json answered ${response.status}`); return response.json(); })
  .then(render)
  .catch((error) => { document.getElementById("about").textContent = String(error); });
