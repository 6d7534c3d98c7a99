"""Cycles among the folders of a crate."""

from . import modules as reader


def folders(modules):
    """The modules that have files of their own below them."""
    return {module.path[:depth] for module in modules.values() for depth in range(1, len(module.path))}


def components(graph):
    """The strongly connected components of {node: set of nodes} with more than one node (by reachability: graphs are small)."""

    def reachable(start):
        seen, todo = set(), [start]
        while todo:
            for node in graph.get(todo.pop(), ()):
                if node not in seen:
                    seen.add(node)
                    todo.append(node)
        return seen

    reach = {node: reachable(node) for node in graph}
    groups = {frozenset([node, *(other for other in reach[node] if node in reach.get(other, ()))]) for node in graph}
    return [group for group in groups if len(group) > 1]


def check(crate, root_file):
    """Messages about folders that import each other, directly or by way of other modules, at any level of the crate."""
    modules = reader.read(root_file)
    edges, has_files_below = reader.edges(modules), folders(modules)
    messages = []
    for parent in sorted({key[0] for key in edges}):
        graph = {}
        for _, source, target in (key for key in edges if key[0] == parent):
            graph.setdefault(source, set()).add(target)
        for group in components(graph):
            if sum(parent + (name,) in has_files_below for name in group) < 2:
                continue
            title = "::".join((crate, *parent))
            lines = [f"{title}: these modules import each other: {', '.join(sorted(group))}"]
            for source, target in sorted((s, t) for s in group for t in graph.get(s, ()) if t in group):
                places = edges[parent, source, target]
                lines.append(f"    {source} -> {target}: {', '.join(places[:3])}{', ...' if len(places) > 3 else ''}")
            messages.append("\n".join(lines))
    return messages
