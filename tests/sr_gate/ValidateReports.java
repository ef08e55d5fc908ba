import com.pixelmed.validate.DicomSRValidator;

/** Many files in one virtual machine: PixelMed's own program takes one file, and needs ten seconds to start. */
public class ValidateReports {
    public static void main(String[] files) throws Exception {
        DicomSRValidator validator = new DicomSRValidator();
        for (String file : files) {
            System.out.println("FILE " + file);
            try {
                System.out.println(validator.validate(file));
            } catch (Exception exception) {
                System.out.println("Error: " + exception);
            }
        }
    }
}
