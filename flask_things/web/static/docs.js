"use strict";

const page = document.getElementById("swagger-ui");

// Swagger UI has a dark theme, which only this class turns on.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

function Ours({ React }) {
  const fold = (title, Original, props) =>
    React.createElement(
      "details",
      null,
      React.createElement("summary", null, title),
      React.createElement(Original, props),
    );
  const isError = (path) => /^[45]/.test(path.get(path.indexOf("responses") + 1));
  return {
    // An example would be sent by Execute: a list narrowed by every filter is empty.
    statePlugins: {
      spec: {
        wrapSelectors: {
          parameterWithMetaByIdentity: (original) => (state, ...given) =>
            original(state, ...given)?.delete("example"),
        },
      },
    },
    // Each response has the same headers, and each error the same kind of body: fold them.
    wrapComponents: {
      headers: (Original) => (props) =>
        props.headers?.size ? fold(`Headers: ${props.headers.size}`, Original, props) : null,
      modelExample: (Original) => (props) =>
        props.specPath.includes("responses") && isError(props.specPath)
          ? fold("application/problem+json", Original, props)
          : React.createElement(Original, props),
    },
  };
}

SwaggerUIBundle({
  domNode: page,
  url: page.dataset.url,
  plugins: [Ours],
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null, // the document is not sent to anyone
});
