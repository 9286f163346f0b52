import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/**
 * Answers one question per line of its input, until that ends: flavours (as in ua1,3a) and the paths of
 * files, with tabs in between. The answer is each rule that a file breaks, one a line behind the number
 * of the file and a tab, and then a line "done", or "failed" and a reason. It stays, for starting costs
 * more than reading.
 */
public final class ValidatePdf {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var line = input.readLine(); line != null; line = input.readLine()) {
            try {
                answer(line.split("\t"));
                OUT.println("done");
            } catch (Exception error) {
                OUT.println("failed\t" + onOneLine(error.toString()));
            }
        }
    }

    private static void answer(String[] asked) throws Exception {
        for (var name : asked[0].split(",")) {
            var flavour = PDFAFlavour.byFlavourId(name);
            if (flavour == PDFAFlavour.NO_FLAVOUR) {
                throw new IllegalArgumentException("Unknown flavour " + name);
            }
            for (var number = 1; number < asked.length; number++) {
                validate(number - 1, asked[number], flavour);
            }
        }
    }

    private static void validate(int number, String path, PDFAFlavour flavour) throws Exception {
        try (var file = new FileInputStream(path);
                var parser = Foundries.defaultInstance().createParser(file, flavour);
                var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            var broken = new TreeSet<String>();
            for (var check : validator.validate(parser).getTestAssertions()) {
                if (check.getStatus() != TestAssertion.Status.PASSED) {
                    var rule = check.getRuleId();
                    broken.add(rule.getClause() + "-" + rule.getTestNumber() + ": " + check.getMessage());
                }
            }
            broken.forEach(rule -> OUT.println(number + "\t" + onOneLine(rule)));
        }
    }

    private static String onOneLine(String words) {
        return words.replaceAll("\\R", " ");
    }
}
