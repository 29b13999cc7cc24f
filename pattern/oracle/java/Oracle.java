import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.MachineComplexityEvaluator;

/**
 * Answers questions about event-ruler, one a line: a letter and its arguments in base64.
 *   m times pattern event  does the pattern match? T, F, E (refused), X (bad event), or M: not of one mind
 *   c pattern              what is wrong with the pattern? base64 of the message, empty if nothing
 *   x pattern              the complexity of its wildcards
 */
public final class Oracle {
    public static void main(final String[] args) throws Exception {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        final PrintStream out = new PrintStream(System.out, false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(line.split(" ", -1)));
            out.flush();
        }
    }

    private static String text(final String s) {
        return new String(Base64.getDecoder().decode(s), StandardCharsets.UTF_8);
    }

    private static String answer(final String[] q) {
        switch (q[0]) {
            case "m":
                return matches(Integer.parseInt(q[1]), text(q[2]), text(q[3]));
            case "c":
                final String message = JsonRuleCompiler.check(text(q[1]));
                return message == null ? ""
                    : Base64.getEncoder().encodeToString(message.getBytes(StandardCharsets.UTF_8));
            case "x":
                try {
                    final Machine machine = new Machine();
                    machine.addRule("r", text(q[1]));
                    return Integer.toString(machine.evaluateComplexity(new MachineComplexityEvaluator(100)));
                } catch (Throwable e) {
                    return "E";
                }
            default:
                return "?";
        }
    }

    /** Asks several fresh machines, because one and the same question has different answers. */
    private static String matches(final int times, final String pattern, final String event) {
        boolean yes = false;
        boolean no = false;
        for (int i = 0; i < times; i++) {
            final Machine machine = new Machine();
            try {
                machine.addRule("r", pattern);
            } catch (Throwable e) {
                return "E";
            }
            try {
                if (machine.rulesForJSONEvent(event).isEmpty()) {
                    no = true;
                } else {
                    yes = true;
                }
            } catch (Throwable e) {
                return "X";
            }
        }
        return yes && no ? "M" : yes ? "T" : "F";
    }
}
