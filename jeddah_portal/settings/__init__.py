"""Every setting, from the environment, by topic. docs/operations.md explains each; .env.example lists them.

With nothing set this is the demo: SQLite, no broker, secrets made once under var/. With DEMO=0 whatever is
missing or weak stops the start with its name (production.py).
"""

from . import boxes, production
from .api import *
from .base import *
from .billing import *
from .boxes import *
from .continuity import *
from .database import *
from .desk import *
from .environment import *
from .face import *
from .journal import *
from .logs import *
from .messages import *
from .outside import *
from .people import *
from .privacy import *
from .rights import *
from .security import *
from .sign_on import *
from .work import *

globals().update(boxes.of_role())
production.refuse()
