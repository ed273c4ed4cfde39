import java.io.File;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.ApiResponse;
import org.openapitools.client.api.ThingsApi;
import org.openapitools.client.api.ThingsApi.*;
import org.openapitools.client.model.*;

/** A walk through the API with the Java client that openapi-generator generates. */
class JavaClient {
  static final ApiClient client = new ApiClient();

  public static void main(String[] args) throws Exception {
    client.updateBaseUri(args[0]);
    ThingsApi api = new ThingsApi(client);

    Thing thing = api.createThing(
        APICreateThingRequest.newBuilder().thingInput(text("java")).build());
    equal(thing.getText(), "java");
    List<ThingInput> bulk = List.of(text("java 1"), text("java 2"));
    equal(api.createThings(APICreateThingsRequest.newBuilder().thingInput(bulk).build()).size(), 2);

    // All pages.
    List<String> walked = new ArrayList<>();
    Matcher next;
    String cursor = null;
    do {
      APIListThingsRequest list = APIListThingsRequest.newBuilder()
          .limit(1).q("JAVA ").sort("-text").cursor(cursor).build();
      ApiResponse<List<Thing>> page = api.listThingsWithHttpInfo(list);
      page.getData().forEach(listed -> walked.add(listed.getText()));
      next = Pattern.compile("cursor=([^&>]+)").matcher(
          String.join(",", page.getHeaders().getOrDefault("link", List.of())));
      cursor = next.find() ? next.group(1) : null;
    } while (cursor != null);
    equal(walked, List.of("java 2", "java 1"));

    // An update of the version that is there, then one of a version that is there no more.
    APIGetThingRequest get = APIGetThingRequest.newBuilder().thingId(thing.getId()).build();
    String etag = api.getThingWithHttpInfo(get).getHeaders().get("etag").get(0);
    APIReplaceThingRequest replace = APIReplaceThingRequest.newBuilder()
        .thingId(thing.getId()).thingInput(text("two")).ifMatch(etag).build();
    equal(api.replaceThing(replace).getText(), "two");
    equal(refused(() -> api.replaceThing(replace)).getStatus(), 412);
    ThingPatch patch = new ThingPatch().text("three");
    equal(api.updateThing(APIUpdateThingRequest.newBuilder().thingId(thing.getId())
        .thingPatch(patch).build()).getText(), "three");

    // An invalid thing: the error has a code and names the field.
    Problem invalid = refused(() -> api.createThing(
        APICreateThingRequest.newBuilder().thingInput(text("a\0b")).build()));
    equal(invalid.getStatus(), 422);
    FieldError error = invalid.getErrors().get(0);
    equal(error.getCode(), FieldError.CodeEnum.NOT_STORABLE);
    equal(error.getPointer(), "#/text");

    // Both exports.
    File ndjson = api.exportThingsAsNDJSON(
        APIExportThingsAsNDJSONRequest.newBuilder().q("java ").build());
    equal(Files.readAllLines(ndjson.toPath()).size(), 2);
    File csv = api.exportThingsAsCSV(APIExportThingsAsCSVRequest.newBuilder().q("java ").build());
    equal(Files.readAllLines(csv.toPath()).get(0), "id,text,created_at,updated_at");

    // Deleted, it is gone.
    api.deleteThing(APIDeleteThingRequest.newBuilder().thingId(thing.getId()).build());
    equal(refused(() -> api.getThing(get)).getStatus(), 404);
  }

  static ThingInput text(String text) {
    return new ThingInput().text(text);
  }

  interface Call {
    void run() throws ApiException;
  }

  /** Return the problem that a call is answered with. */
  static Problem refused(Call call) throws Exception {
    try {
      call.run();
    } catch (ApiException refusal) {
      return client.getObjectMapper().readValue(refusal.getResponseBody(), Problem.class);
    }
    throw new AssertionError("It succeeded.");
  }

  static void equal(Object found, Object expected) {
    if (!found.equals(expected)) {
      throw new AssertionError(found + " is not " + expected);
    }
  }
}
