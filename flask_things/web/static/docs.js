"use strict";

const page = document.getElementById("swagger-ui");

SwaggerUIBundle({
  domNode: page,
  url: page.dataset.url,
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null, // the document is not sent to anyone
});
