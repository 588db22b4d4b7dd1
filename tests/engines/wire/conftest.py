"""Property tests here never fail for being slow, and leave no files."""

import hypothesis

hypothesis.settings.register_profile("kitsu", deadline=None, database=None)
hypothesis.settings.load_profile("kitsu")
