from pydicom import uid

from osteo_pacs.dicom import sop_classes


def test_the_uids_are_those_of_the_standard():
    assert uid.UID(sop_classes.VERIFICATION).name == "Verification SOP Class"
    assert (
        uid.ComputedRadiographyImageStorage,
        uid.DigitalXRayImageStorageForPresentation,
        uid.DigitalXRayImageStorageForProcessing,
        uid.SecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
    ) == sop_classes.IMAGES
    assert (
        uid.BasicTextSRStorage,
        uid.EnhancedSRStorage,
        uid.ComprehensiveSRStorage,
        uid.Comprehensive3DSRStorage,
        uid.EncapsulatedPDFStorage,
        uid.GrayscaleSoftcopyPresentationStateStorage,
        uid.KeyObjectSelectionDocumentStorage,
    ) == sop_classes.COMPANIONS


def test_the_transfer_syntaxes_are_those_of_the_standard():
    assert (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian) == sop_classes.UNCOMPRESSED
    assert (
        uid.JPEGBaseline8Bit,
        uid.JPEGExtended12Bit,
        uid.JPEGLossless,
        uid.JPEGLosslessSV1,
        uid.JPEGLSLossless,
        uid.JPEGLSNearLossless,
        uid.JPEG2000Lossless,
        uid.JPEG2000,
        uid.RLELossless,
    ) == sop_classes.COMPRESSED
    assert all(uid.UID(syntax).is_transfer_syntax for syntax in sop_classes.UNCOMPRESSED + sop_classes.COMPRESSED)


def test_companions_are_taken_uncompressed_alone():
    taken = sop_classes.accepted_transfer_syntaxes
    assert taken(sop_classes.ENHANCED_SR) == sop_classes.UNCOMPRESSED
    assert set(taken(sop_classes.COMPUTED_RADIOGRAPHY)) > set(sop_classes.COMPRESSED)
