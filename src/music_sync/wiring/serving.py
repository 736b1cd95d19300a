"""What the server is made from."""

from music_sync.adapters.sign_in_file import SignInFile
from music_sync.settings import Settings


def sign_in_store(settings: Settings) -> SignInFile:
    """The dashboard's password and sessions."""
    return SignInFile(settings.sign_in_file)
