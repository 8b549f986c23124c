"""Named models: curated ones from papers, and every stack by its name."""

from zoo.catalogue.creation import create_model as create_model
from zoo.catalogue.creation import named_model as named_model
from zoo.catalogue.entry import NamedModel as NamedModel
from zoo.catalogue.listing import list_cells as list_cells
from zoo.catalogue.listing import list_models as list_models
from zoo.catalogue.listing import list_switches as list_switches
from zoo.catalogue.listing import list_wirings as list_wirings
from zoo.catalogue.models import MODELS as MODELS
