import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.lang3.StringEscapeUtils;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/**
 * Answers, for each line of JSON with a template and its inputs, a line with
 * what Apache Velocity makes of them. $input, $util, $context and
 * $stageVariables are made as API Gateway's documentation describes them (page
 * api-gateway-mapping-template-reference).
 */
public class Oracle {
    public static class Input {
        public final String body;
        private final Map<String, Map<String, String>> params;

        Input(String body, Map<String, Map<String, String>> params) {
            this.body = body;
            this.params = params;
        }

        public String getBody() { return body; }

        public Object path(String path) {
            try {
                return JsonPath.parse(body).read(path);
            } catch (PathNotFoundException e) {
                return null;
            }
        }

        public String json(String path) {
            try {
                Object v = JsonPath.parse(body).read(path);
                if (v instanceof Map || v instanceof List) {
                    return Configuration.defaultConfiguration().jsonProvider().toJson(v);
                }
                return net.minidev.json.JSONValue.toJSONString(v, net.minidev.json.JSONStyle.LT_COMPRESS);
            } catch (PathNotFoundException e) {
                return "\"\"";
            }
        }

        public Map<String, Map<String, String>> params() { return params; }

        public String params(String name) {
            for (String place : List.of("path", "querystring", "header")) {
                if (params.get(place).containsKey(name)) {
                    return params.get(place).get(name);
                }
            }
            return "";
        }
    }

    public static class Util {
        public String escapeJavaScript(Object o) { return o == null ? null : StringEscapeUtils.escapeEcmaScript(o.toString()); }

        public Object parseJson(String s) { return JsonPath.parse(s).json(); }

        public String urlEncode(String s) { return URLEncoder.encode(s, StandardCharsets.UTF_8); }

        public String urlDecode(String s) { return URLDecoder.decode(s, StandardCharsets.UTF_8); }

        public String base64Encode(String s) { return Base64.getEncoder().encodeToString(s.getBytes(StandardCharsets.UTF_8)); }

        public String base64Decode(String s) { return new String(Base64.getDecoder().decode(s), StandardCharsets.UTF_8); }
    }

    /** Lists as Velocity's own are; those of json-smart print themselves as JSON. */
    static Object plain(Object o) {
        if (o instanceof Map) {
            Map<Object, Object> m = new LinkedHashMap<>();
            ((Map<?, ?>) o).forEach((k, v) -> m.put(k, plain(v)));
            return m;
        }
        if (o instanceof List) {
            List<Object> l = new ArrayList<>();
            ((List<?>) o).forEach(v -> l.add(plain(v)));
            return l;
        }
        return o;
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line; (line = in.readLine()) != null;) {
            Map<String, Object> q = JsonPath.parse(line).json();
            VelocityContext c = new VelocityContext();
            if (q.get("vars") != null) {
                ((Map<String, Object>) plain(q.get("vars"))).forEach(c::put);
            }
            Map<String, Object> r = (Map<String, Object>) q.get("request");
            if (r != null) {
                Map<String, Map<String, String>> params = new LinkedHashMap<>();
                for (String place : List.of("path", "querystring", "header")) {
                    params.put(place, (Map<String, String>) r.getOrDefault(place, new LinkedHashMap<String, String>()));
                }
                c.put("input", new Input((String) r.getOrDefault("body", "{}"), params));
                c.put("util", new Util());
                c.put("context", r.get("context"));
                c.put("stageVariables", r.get("stageVariables"));
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            VelocityEngine engine = new VelocityEngine(); // a new one: macros stay
            engine.init();
            try {
                StringWriter w = new StringWriter();
                engine.evaluate(c, w, "template", (String) q.get("template"));
                answer.put("output", w.toString());
            } catch (Exception e) {
                answer.put("error", String.valueOf(e.getMessage()).split("\n")[0]);
            }
            out.println(net.minidev.json.JSONObject.toJSONString(answer));
        }
    }
}
