from connectors.models.account import Account, AuthKind
from connectors.models.request import ExportRequest, RateBudget

__all__ = ["Account", "AuthKind", "ExportRequest", "RateBudget"]
