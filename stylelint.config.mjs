// What a style sheet may not do. How it is laid out is prettier's.

const SIDE = String.raw`(?:[^\s(]|\([^)]*\))+`;

export default {
    extends: "stylelint-config-recommended",
    reportDescriptionlessDisables: true,
    reportNeedlessDisables: true,
    rules: {
        // Ours are ordered by topic, and later topics refine earlier ones.
        "no-descending-specificity": null,
        // The portal is read from the right and from the left: a side is named by the direction of reading.
        "property-layout-mappings": [
            "flow-relative",
            {
                ignoreProperties: [
                    // Shorthands of four sides: the rule below lets them pass where both sides are the same.
                    ...["margin", "padding", "inset", "border-width", "border-style", "border-color"],
                    // They name axes, and few browsers know overflow-inline.
                    ...["overflow-x", "overflow-y"],
                ],
            },
        ],
        "value-keyword-layout-mappings": "flow-relative",
        "declaration-property-value-disallowed-list": [
            {
                "/^(margin|padding|inset|border-(width|style|color))$/": [
                    new RegExp(String.raw`^${SIDE}\s+(${SIDE})\s+${SIDE}\s+(?!\1$)\S`),
                ],
            },
            {
                message:
                    "The second and the fourth side differ, so this names left and right: use -inline-start and -end",
            },
        ],
        // An island of the other direction would be taken for its sea.
        "selector-disallowed-list": [
            [/\[dir[^\]]*\] /],
            { message: "[dir] before a descendant means any ancestor; ask for the nearest with :dir()" },
        ],
    },
};
