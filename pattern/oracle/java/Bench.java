import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import software.amazon.event.ruler.Machine;

/**
 * Measures event-ruler: for each rule file given (one rule a line) it prints, in a line, the events per second of the
 * thread's own processor time once the JVM is warm, the best of three slices, the count of matches in one pass over the events, and the bytes
 * that the machine holds.
 */
public final class Bench {
    public static void main(final String[] args) throws Exception {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long seconds = Long.parseLong(args[0]) * 1_000_000_000L;
        final List<String> events = Files.readAllLines(Paths.get(args[1]));
        for (int i = 2; i < args.length; i++) {
            final Path rules = Paths.get(args[i]);
            final long before = used();
            final Machine machine = new Machine();
            int n = 0;
            for (final String rule : Files.readAllLines(rules)) {
                machine.addRule("r" + n++, rule);
            }
            final long held = used() - before;
            long matches = pass(machine, events, events.size());
            final long warm = threads.getCurrentThreadCpuTime();
            while (threads.getCurrentThreadCpuTime() - warm < seconds) {
                pass(machine, events, 200);
            }
            double best = 0;
            for (int slice = 0; slice < 3; slice++) {
                long done = 0;
                final long begin = threads.getCurrentThreadCpuTime();
                while (threads.getCurrentThreadCpuTime() - begin < seconds) {
                    pass(machine, events, 200);
                    done += 200;
                }
                best = Math.max(best, done * 1e9 / (threads.getCurrentThreadCpuTime() - begin));
            }
            System.out.println((long) best + " " + matches + " " + held);
        }
    }

    private static int next = 0;

    private static long pass(final Machine machine, final List<String> events, final int n) throws Exception {
        long matches = 0;
        for (int i = 0; i < n; i++) {
            matches += machine.rulesForJSONEvent(events.get(next++ % events.size())).size();
        }
        return matches;
    }

    private static long used() throws Exception {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(50);
        }
        final Runtime r = Runtime.getRuntime();
        return r.totalMemory() - r.freeMemory();
    }
}
