// Swagger UI on our own document. validatorUrl: null, or it would show it to somebody else.
const place = document.getElementById("docs");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  validatorUrl: null,
});
