from ai_edge_litert.interpreter import Interpreter

__all__ = ["Interpreter"]
