"""Reading foreign objects in a small bounded process, so that a broken image can hurt nothing but that process.

::

    with Decoder(bundle_folder) as decoder:
        header = decoder.header(path)  # Dataset | Undecodable
        image = decoder.decode(path)  # Decoded | Undecodable
"""

from osteo_pacs.decode.client import Confinement, Decoded, Decoder, DecoderUnavailable, Undecodable
from osteo_pacs.images import GreyImage

__all__ = ["Confinement", "Decoded", "Decoder", "DecoderUnavailable", "GreyImage", "Undecodable"]
