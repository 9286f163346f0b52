import java.io.FileInputStream;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/**
 * Prints each rule of the flavours (as in ua1,3a) that a PDF breaks, one a line behind the number of
 * the file and a tab; nothing when all is right. Many files at once, for starting costs more than reading.
 */
public final class ValidatePdf {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (var name : arguments[0].split(",")) {
            var flavour = PDFAFlavour.byFlavourId(name);
            if (flavour == PDFAFlavour.NO_FLAVOUR) {
                throw new IllegalArgumentException("Unknown flavour " + name);
            }
            for (var number = 1; number < arguments.length; number++) {
                validate(number - 1, arguments[number], flavour);
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
            broken.forEach(line -> System.out.println(number + "\t" + line.replace('\n', ' ')));
        }
    }
}
