import java.io.FileInputStream;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Prints each rule of a flavour (ua1, 3a, …) that a PDF breaks, one a line; nothing when it is right. */
public final class ValidatePdf {
    public static void main(String[] arguments) throws Exception {
        var flavour = PDFAFlavour.byFlavourId(arguments[0]);
        if (flavour == PDFAFlavour.NO_FLAVOUR) {
            throw new IllegalArgumentException("Unknown flavour " + arguments[0]);
        }
        VeraGreenfieldFoundryProvider.initialise();
        try (var file = new FileInputStream(arguments[1]);
                var parser = Foundries.defaultInstance().createParser(file, flavour);
                var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            var broken = new TreeSet<String>();
            for (var check : validator.validate(parser).getTestAssertions()) {
                if (check.getStatus() != TestAssertion.Status.PASSED) {
                    var rule = check.getRuleId();
                    broken.add(rule.getClause() + "-" + rule.getTestNumber() + ": " + check.getMessage());
                }
            }
            broken.forEach(line -> System.out.println(line.replace('\n', ' ')));
        }
    }
}
