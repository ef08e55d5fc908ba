"""The configuration: ``load(find_config(None))`` gives the frozen settings of this installation."""

from osteo_pacs.config.load import CONFIG_VARIABLE, find_config, load
from osteo_pacs.config.network import Destination
from osteo_pacs.config.sections import Condition, Rule
from osteo_pacs.config.settings import Settings

__all__ = ["CONFIG_VARIABLE", "Condition", "Destination", "Rule", "Settings", "find_config", "load"]
